"""Do the settings fit each other and the mode that the app runs in?"""

import difflib
import ipaddress
from urllib.parse import urlsplit

from creditsapp.doctor.finding import Finding, Problem, finding
from creditsapp.dodo.addresses import API_ADDRESSES
from creditsapp.dodo.signature import BadSecret, decode_secret
from creditsapp.settings import Settings
from creditsapp.studio.operations import OPERATIONS

SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 8  # that differ
_KEYS = {"dodo_test_": "test_mode", "dodo_live_": "live_mode"}
_PUBLIC = "Set APP_BASE_URL to the public https address: buyers and Dodo's webhooks come to it."


def mode(settings: Settings) -> Finding:
    """Which Dodo is asked, and whether that is where real money moves."""
    words = {
        "sandbox": "the sandbox: no real money moves",
        "test_mode": "Dodo's test mode: no real money moves",
        "live_mode": "Dodo's live mode: real money moves",
    }
    name = str(settings.dodo_payments_environment)
    other = settings.dodo_payments_base_url
    problems: list[Problem] = []
    for environment, address in API_ADDRESSES.items():
        if environment != name and urlsplit(other).hostname == urlsplit(address).hostname:
            problems.append(
                (
                    "failed",
                    f"{name}, but Dodo's address is {other}",
                    "Unset DODO_PAYMENTS_BASE_URL.",
                )
            )
    return finding("mode", words[name], problems)


def secret_key(settings: Settings) -> Finding:
    """Can a session be forged by guessing?"""
    key = settings.secret_key
    if not key:
        return Finding("secret key", "ok", "made in instance/, for this machine alone")
    if len(key) >= SHORTEST_SECRET and len(set(key)) >= FEWEST_CHARACTERS:
        return Finding("secret key", "ok", f"{len(key)} characters")
    return Finding(
        "secret key",
        "failed" if settings.dodo_payments_environment == "live_mode" else "warning",
        "SECRET_KEY can be guessed, and whoever does may be anybody here",
        "Set it to what `python -c 'import secrets; print(secrets.token_urlsafe(32))'` prints.",
    )


def webhook_secrets(secrets: tuple[str, ...]) -> Finding:
    """Can webhooks be verified?"""
    if not secrets:
        advice = "Set DODO_WEBHOOK_SECRET to the signing secret of Dodo's webhook endpoint."
        return Finding("webhook secret", "failed", "there is none, so webhooks are refused", advice)
    for secret in secrets:
        try:
            decode_secret(secret)
        except BadSecret as error:
            advice = "Copy DODO_WEBHOOK_SECRET from Dodo's dashboard again."
            return Finding("webhook secret", "failed", f"it {error}", advice)
    if len(secrets) == 1:
        return Finding("webhook secret", "ok", "one secret, well formed")
    message = f"{len(secrets)} secrets, well formed: a rotation is under way"
    return Finding(
        "webhook secret", "ok", message, "Take the old one out a day after Dodo has the new one."
    )


def api_key(settings: Settings) -> Finding:
    """Does the key belong to the mode?"""
    key, environment = settings.dodo_payments_api_key, str(settings.dodo_payments_environment)
    belongs = next((found for prefix, found in _KEYS.items() if key.startswith(prefix)), None)
    copy = "Copy DODO_PAYMENTS_API_KEY from Dodo's dashboard again."
    if not all("!" <= char <= "~" for char in key):
        return Finding("API key", "failed", "it holds characters that no key has", copy)
    if environment == "sandbox":
        if belongs:
            advice = "Unset DODO_PAYMENTS_API_KEY, or choose DODO_PAYMENTS_ENVIRONMENT."
            return Finding("API key", "failed", "a real key does not belong in a sandbox", advice)
        return Finding("API key", "ok", "the sandbox takes any")
    if belongs is None:
        message = "it begins with neither dodo_test_ nor dodo_live_"
        return Finding("API key", "warning", message, f"{copy} Mind that it is of {environment}.")
    if belongs != environment:
        message = f"it is of {belongs}, and this is {environment}"
        return Finding("API key", "failed", message, "Change the key or DODO_PAYMENTS_ENVIRONMENT.")
    return Finding("API key", "ok", f"it is of {environment}")


def address(settings: Settings) -> Finding:
    """Do buyers find their way back, and webhooks theirs?"""
    url, environment = settings.app_base_url, settings.dodo_payments_environment
    if environment == "sandbox":
        return Finding("address", "ok", url or "the request's, as the sandbox is on this machine")
    if not url:
        return Finding("address", "warning", "APP_BASE_URL is not set", _PUBLIC)
    problems: list[Problem] = []
    if not url.startswith("https://"):
        problems.append(("failed", f"{url} is not https", _PUBLIC))
    if not _is_public(urlsplit(url).hostname or ""):
        problems.append(("failed", f"{url} is not public", _PUBLIC))
    if environment != "live_mode":
        problems = [("warning", what, advice) for _, what, advice in problems]
    return finding("address", url, problems)


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".test"))


def prices(settings: Settings) -> Finding:
    """Is a price meant for an operation whose name is written otherwise?"""
    own = [name for name in settings.credit_costs if name not in OPERATIONS]
    problems: list[Problem] = []
    for name in own:
        meant = difflib.get_close_matches(name, OPERATIONS, n=1, cutoff=0.8)
        if meant:
            what = f"CREDIT_COSTS names {name.upper()}, and the studio has {meant[0].upper()}"
            problems.append(("warning", what, "Correct the name, unless it is one of your own."))
    beside = f" and {', '.join(name.upper() for name in own)}" if own else ""
    return finding("prices", f"the studio's operations{beside}", problems)


def proxies(settings: Settings) -> Finding:
    """Are clients told apart behind a proxy?"""
    hops = settings.proxy_hops
    if hops or settings.sandbox:
        return Finding("proxies", "ok", f"{hops} in front")
    advice = (
        "Set PROXY_HOPS to the number of proxies in front: gunicorn listens on 127.0.0.1 alone, and"
        " rate limits would count all clients as one."
    )
    return Finding("proxies", "warning", "none in front, as PROXY_HOPS says", advice)
