"""What each process counts. No label is a path or anything else that a client makes up.

Every metric has a label: one without would be made when it is imported, before a worker of
gunicorn knows where to count.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from sqlalchemy import inspect

from creditsapp.logs.notes import note
from creditsapp.models import LedgerEntry
from creditsapp.models.types import exact

WEBHOOK = "webhooks.receive"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
REFUSALS = {402: "insufficient_credits", 429: "too_many_requests"}
REGISTRY = CollectorRegistry()

P = ParamSpec("P")
log = logging.getLogger(__name__)
values.ValueClass = values.MutexValue  # whatever folder the environment names; see `slots`

_requests = Histogram(
    "credits_http_request_duration_seconds",
    "Requests by route, and how long each took to its last byte.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_refusals = Counter(
    "credits_refusals_total",
    "Requests refused for want of credits (402) or for coming too often (429), by what refused.",
    ("status", "kind"),
    registry=REGISTRY,
)
_webhooks = Counter(
    "credits_webhooks_total",
    "Deliveries of webhooks, by what became of each.",
    ("result",),
    registry=REGISTRY,
)
_spends = Counter(
    "credits_spends_total", "Charges, by operation.", ("operation",), registry=REGISTRY
)
_spent = Counter(
    "credits_spent_credits_total",
    "Credits charged, by operation.",
    ("operation",),
    registry=REGISTRY,
)
_failures = Counter(
    "credits_database_failures_total",
    "Work that the database did not take: `unknown` may stand all the same.",
    ("outcome",),
    registry=REGISTRY,
)


def _harmless(count: Callable[P, None]) -> Callable[P, None]:
    """Log once that something cannot be counted: it has happened, and stands all the same."""
    told = False

    @functools.wraps(count)
    def try_to(*args: P.args, **kwargs: P.kwargs) -> None:
        nonlocal told
        try:
            count(*args, **kwargs)
        except Exception:
            if not told:
                told = True
                log.exception("not everything is counted any more")

    return try_to


@_harmless
def answered(
    method: str, endpoint: str | None, status: int, seconds: float, notes: dict[str, Any]
) -> None:
    """Count a request that was answered; `notes` are those of its line."""
    known = method if method in METHODS else "other"
    route = notes.get("route") or "none"
    _requests.labels(known, route, f"{status // 100}xx").observe(seconds)
    if status in REFUSALS:
        kind = notes.get("limit") or notes.get("error") or REFUSALS[status]
        _refusals.labels(str(status), kind).inc()
    if endpoint == WEBHOOK and method == "POST":
        _webhooks.labels(notes.get("webhook") or notes.get("error") or "failed").inc()


@_harmless
def spent(*entries: LedgerEntry) -> None:
    """Count what was charged just now; an entry that stood before was read, and is not new."""
    for entry in entries:
        if inspect(entry).transient:
            amount, operation = entry.amount.copy_negate(), entry.operation or "none"
            note(operation=operation, credits=exact(amount))
            _spends.labels(operation).inc()
            _spent.labels(operation).inc(float(amount))


@_harmless
def unknown() -> None:
    """Count a commit of which nobody knows whether it stands."""
    _failures.labels("unknown").inc()


@_harmless
def given_up() -> None:
    """Count work that the database did not take, however often it was tried."""
    _failures.labels("refused").inc()
