"""Do Dodo's webhooks come here, all that are needed, and signed with a secret that is known?"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from creditsapp.doctor.finding import Finding, Problem, finding
from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.errors import DodoFailed
from creditsapp.settings import Settings

PATH = "/api/webhooks/dodo"
EVENTS = (
    "payment.succeeded",
    "payment.failed",
    "payment.processing",
    "payment.cancelled",
    "refund.succeeded",
    "refund.failed",
    "dispute.opened",
    "dispute.expired",
    "dispute.accepted",
    "dispute.cancelled",
    "dispute.challenged",
    "dispute.won",
    "dispute.lost",
)


def findings(
    dodo: DodoClient, settings: Settings, secrets: tuple[str, ...], deadline: float
) -> Iterator[Finding]:
    """The endpoint, and the secret that it signs with."""
    try:
        every = dodo.webhook_endpoints(deadline=deadline)
    except DodoFailed as failure:
        yield Finding("webhook endpoint", "failed", f"cannot be read: {failure.detail}")
        yield _not_compared("no endpoint is known")
        return
    ours = [each for each in every if _leads_here(each.get("url"), settings)]
    enabled = [each for each in ours if not each.get("disabled")]
    yield _endpoint(every, ours, enabled, settings)
    yield _signature(dodo, enabled, secrets, deadline)


def _leads_here(url: object, settings: Settings) -> bool:
    """Whether an address is this app's; where its own is not known, the path tells."""
    try:
        scheme, host, path, *_rest = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return False
    known = settings.app_base_url and not settings.sandbox
    here = urlsplit(settings.app_base_url)
    at_home = (scheme, host.lower()) == (here.scheme, here.netloc.lower())
    return path.rstrip("/") == (here.path if known else "") + PATH and (at_home or not known)


def _endpoint(
    every: list[dict[str, Any]],
    ours: list[dict[str, Any]],
    enabled: list[dict[str, Any]],
    settings: Settings,
) -> Finding:
    wanted = (settings.app_base_url or "https://your.domain") + PATH
    if not ours:
        others = ", ".join(str(each.get("url"))[:200] for each in every[:5]) or "none at all"
        message = f"none leads to {wanted}; there is {others}"
        advice = f"Add a webhook endpoint for {wanted} in Dodo's dashboard."
        return Finding("webhook endpoint", "failed", message, advice)
    if not enabled:
        advice = "Enable it in Dodo's dashboard."
        return Finding("webhook endpoint", "failed", f"{ours[0]['url']} is disabled", advice)
    problems: list[Problem] = []
    missing = _missing(enabled)
    if missing:
        what = f"{enabled[0]['url']} does not get {', '.join(missing)}"
        problems.append(("failed", what, "Add these events to it in Dodo's dashboard."))
    if len(enabled) > 1:
        what = f"{len(enabled)} endpoints lead here, so events come more than once"
        problems.append(("warning", what, "That credits nothing twice; one is enough."))
    return finding("webhook endpoint", f"{enabled[0]['url']} gets every event needed", problems)


def _missing(endpoints: list[dict[str, Any]]) -> list[str]:
    """The events that none of the endpoints gets; one without a filter gets all."""
    filters = [each.get("filter_types") for each in endpoints]
    if not all(filters):
        return []
    got = {event for chosen in filters if isinstance(chosen, list) for event in chosen}
    return [event for event in EVENTS if event not in got]


def _signature(
    dodo: DodoClient, endpoints: list[dict[str, Any]], secrets: tuple[str, ...], deadline: float
) -> Finding:
    if not endpoints:
        return _not_compared("there is no endpoint")
    for each in endpoints:
        try:
            secret = dodo.webhook_secret(str(each.get("id")), deadline=deadline)
        except DodoFailed as failure:
            return _not_compared(f"its secret cannot be read: {failure.detail}")
        if secret.removeprefix("whsec_") not in [ours.removeprefix("whsec_") for ours in secrets]:
            message = f"DODO_WEBHOOK_SECRET is not the secret of {each['url']}"
            advice = "Copy the signing secret of that endpoint from Dodo's dashboard."
            return Finding("webhook signature", "failed", message, advice)
    return Finding("webhook signature", "ok", "the endpoint signs with a secret that is set here")


def _not_compared(why: str) -> Finding:
    return Finding("webhook signature", "warning", f"not compared: {why}")
