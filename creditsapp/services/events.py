"""What each kind of event means: its `type` says which facts are in it, and who writes them down.

An SDK would guess an unknown type to be its first known one, so the text itself decides.
"""

from typing import Any

from sqlalchemy.orm import Session

from creditsapp.services import payments, reversals
from creditsapp.services.facts import (
    Unusable,
    dispute_facts,
    event_time,
    payment_facts,
    refund_facts,
)
from creditsapp.services.payments import Terms

Event = dict[str, Any]

PAYMENT_EVENTS = ("payment.succeeded", "payment.failed", "payment.processing", "payment.cancelled")
REFUND_EVENTS = ("refund.succeeded", "refund.failed")
DISPUTE_EVENTS = tuple(
    f"dispute.{state}"
    for state in ("opened", "expired", "accepted", "cancelled", "challenged", "won", "lost")
)


def _apply(session: Session, event: Event, terms: Terms) -> str:
    """Apply an event; return what became of it. Raise Unusable."""
    kind = event["type"]
    if kind in PAYMENT_EVENTS:
        data = _data(event)
        return payments._apply_payment(session, payment_facts(data), terms)
    if kind in REFUND_EVENTS:
        return reversals._apply_refund(session, refund_facts(_data(event), event_time(event)))
    if kind in DISPUTE_EVENTS:
        return reversals._apply_dispute(session, dispute_facts(_data(event), event_time(event)))
    return "ignored"


def _data(event: Event) -> dict[str, Any]:
    """What an event is about; its business is the envelope's where it names none itself."""
    data = event.get("data")
    if not isinstance(data, dict):
        raise Unusable("data is not an object")
    business, own = event.get("business_id"), data.get("business_id")
    if business is not None and own is not None and business != own:
        raise Unusable("the event and what it is about name different businesses")
    return {"business_id": business} | data
