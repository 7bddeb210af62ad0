"""Does Dodo answer, sell credits for a dollar each, and send its webhooks here?"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from creditsapp.doctor import endpoint
from creditsapp.doctor.finding import Finding, Problem, finding
from creditsapp.dodo import dodo_client
from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.errors import DodoFailed, KeyRefused, NotKnown
from creditsapp.dodo.signature import TOLERANCE_SECONDS
from creditsapp.settings import Settings

ANSWER_SECONDS = 9.0
ODD_SKEW_SECONDS = 30
WORST_SKEW_SECONDS = TOLERANCE_SECONDS - 60  # webhooks that are older are refused
NAMES = ("clock", "product", "webhook endpoint", "webhook signature")

Check = Callable[[DodoClient, float], Finding]


def findings(settings: Settings, secrets: tuple[str, ...]) -> Iterator[Finding]:
    """Reachable first; the rest is asked only of a Dodo that answers."""
    dodo = dodo_client()
    try:
        page = dodo.page("payments", 0, since=datetime.now(UTC), deadline=_deadline())
    except DodoFailed as failure:
        yield _no_answer(settings, dodo.base_url, failure)
        for name in NAMES:
            yield Finding(name, "warning", "not checked, since Dodo gave no answer")
    else:
        message = f"answers at {dodo.base_url}, and lets the key read"
        yield Finding("Dodo", "ok", message, "Whether it may write shows at the first purchase.")
        yield _clock((datetime.now(UTC) - page.at).total_seconds())
        yield _product(dodo)
        yield from endpoint.findings(dodo, settings, secrets, _deadline())
    yield _breaker(dodo)


def _deadline() -> float:
    return time.monotonic() + ANSWER_SECONDS


def _no_answer(settings: Settings, address: str, failure: DodoFailed) -> Finding:
    if isinstance(failure, KeyRefused):
        advice = f"Set DODO_PAYMENTS_API_KEY to a key of {settings.dodo_payments_environment}."
        message = f"does not accept the API key for reading: {failure.detail}"
        return Finding("Dodo", "failed", message, advice)
    if settings.sandbox_mounted:
        advice = "Start the app with `make run`: the sandbox is served by it."
    else:
        advice = "Look at the network, at DODO_PAYMENTS_BASE_URL and at Dodo's status page."
    message = f"gives no useful answer at {address}: {failure.detail}"
    return Finding("Dodo", "failed", message, advice)


def _clock(ahead: float) -> Finding:
    apart = abs(ahead)
    message = f"{apart:.0f} seconds {'ahead of' if ahead > 0 else 'behind'} Dodo's"
    advice = "Let NTP set this machine's clock: webhooks more than 5 minutes off are refused."
    if apart > WORST_SKEW_SECONDS:
        return Finding("clock", "failed", message, advice)
    if apart > ODD_SKEW_SECONDS:
        return Finding("clock", "warning", message, advice)
    return Finding("clock", "ok", "as Dodo's, to some seconds")


def _product(dodo: DodoClient) -> Finding:
    try:
        product = dodo.product(deadline=_deadline())
    except NotKnown:
        message = f"Dodo has no product {dodo.product_id}"
        advice = "Set DODO_CREDITS_PRODUCT_ID to the product's id in this mode."
        return Finding("product", "failed", message, advice)
    except DodoFailed as failure:
        return Finding("product", "failed", f"cannot be read: {failure.detail}")
    return finding("product", f"{dodo.product_id} is $1.00 once", _wrong_with(product))


def _wrong_with(product: dict[str, object]) -> list[Problem]:
    advice = "Change the product in Dodo's dashboard, or make another."
    found = product.get("price")
    price = found if isinstance(found, dict) else {}
    wrong = []
    if product.get("is_recurring") or price.get("type") != "one_time_price":
        wrong.append("it is no one-time product")
    if price.get("currency") != "USD":
        wrong.append(f"its currency is {_said(price.get('currency'))}, not USD")
    if price.get("price") != 100:
        wrong.append(f"its price is {_said(price.get('price'))} cents, not 100")
    if price.get("pay_what_you_want"):
        wrong.append("buyers pay what they want")
    if price.get("discount") or price.get("discount_bps"):
        wrong.append("it has a discount")
    problems: list[Problem] = [("failed", what, advice) for what in wrong]
    if price.get("purchasing_power_parity"):
        what = "purchasing power parity is on, so some buyers pay less"
        problems.append(("warning", what, "Turn it off in the product's price."))
    return problems


def _said(value: object) -> str:
    return str(value)[:40]


def _breaker(dodo: DodoClient) -> Finding:
    state = dodo.breaker
    if not state.open:
        return Finding("breaker", "ok", "Dodo is asked as usual")
    message = f"after {state.failures} failures Dodo is left alone for {state.seconds:.0f} seconds"
    return Finding("breaker", "warning", message, "It closes by itself once Dodo answers again.")
