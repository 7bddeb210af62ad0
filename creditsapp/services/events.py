"""What each kind of event means: its `type` says which facts are in it, and who writes them down.

An SDK would guess an unknown type to be its first known one, so the text itself decides.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from creditsapp.services import payments, reversals
from creditsapp.services.facts import (
    DisputeFacts,
    RefundFacts,
    Unusable,
    dispute_facts,
    event_time,
    payment_facts,
    refund_facts,
)
from creditsapp.services.payments import Terms
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import transaction

Event = dict[str, Any]

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # what a payment lists gives way to any report of its own

PAYMENT_EVENTS = ("payment.succeeded", "payment.failed", "payment.processing", "payment.cancelled")
REFUND_EVENTS = ("refund.succeeded", "refund.failed")
DISPUTE_EVENTS = tuple(
    f"dispute.{state}"
    for state in ("opened", "expired", "accepted", "cancelled", "challenged", "won", "lost")
)


@retried
def learn_payment(payment_id: str, data: dict[str, Any], terms: Terms) -> str:
    """Apply what Dodo's API said of a payment, as its webhook would have been; raise Unusable."""
    with transaction() as session:
        return _apply_payment(session, data | {"payment_id": payment_id}, terms)


@retried
def learn_refund(facts: RefundFacts) -> str:
    """Apply what Dodo's API said of a refund, as its webhook would have been; raise Unusable."""
    with transaction() as session:
        return reversals._apply_refund(session, facts)


@retried
def learn_dispute(facts: DisputeFacts) -> str:
    """Apply what Dodo's API said of a dispute, as its webhook would have been; raise Unusable."""
    with transaction() as session:
        return reversals._apply_dispute(session, facts)


def _apply(session: Session, event: Event, terms: Terms) -> str:
    """Apply an event; return what became of it. Raise Unusable."""
    kind = event["type"]
    if kind in PAYMENT_EVENTS:
        return _apply_payment(session, _data(event), terms)
    if kind in REFUND_EVENTS:
        return reversals._apply_refund(session, refund_facts(_data(event), event_time(event)))
    if kind in DISPUTE_EVENTS:
        return reversals._apply_dispute(session, dispute_facts(_data(event), event_time(event)))
    return "ignored"


def _apply_payment(session: Session, data: dict[str, Any], terms: Terms) -> str:
    """Apply a payment, and what is not known yet of the refunds and disputes that it lists."""
    status = payments._apply_payment(session, payment_facts(data), terms)
    for row in _listed(data, "refunds"):
        _apply_listed(session, row, refund_facts, reversals._apply_refund)
    for row in _listed(data, "disputes"):
        _apply_listed(session, row, dispute_facts, reversals._apply_dispute)
    return status


def _listed(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = data.get(name)
    found = rows if isinstance(rows, list) else []
    return [row | {"payment_id": data["payment_id"]} for row in found if isinstance(row, dict)]


def _apply_listed(
    session: Session,
    row: dict[str, Any],
    read: Callable[[dict[str, Any], datetime], Any],
    apply: Callable[[Session, Any], str],
) -> None:
    """Apply what a payment lists, unless it cannot be used: its own event will tell it as well."""
    try:
        apply(session, read(row, OLDEST))
    except Unusable:
        pass


def _data(event: Event) -> dict[str, Any]:
    """What an event is about; its business is the envelope's where it names none itself."""
    data = event.get("data")
    if not isinstance(data, dict):
        raise Unusable("data is not an object")
    business, own = event.get("business_id"), data.get("business_id")
    if business is not None and own is not None and business != own:
        raise Unusable("the event and what it is about name different businesses")
    return {"business_id": business} | data
