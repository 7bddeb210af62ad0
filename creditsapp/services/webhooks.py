"""The inbox: every verified event is stored as it came, together with all that it causes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from creditsapp.models import WebhookEvent
from creditsapp.services import payments
from creditsapp.services.facts import (
    Unusable,
    dispute_facts,
    event_time,
    payment_facts,
    refund_facts,
)
from creditsapp.services.payments import Terms
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, now, transaction

Event = dict[str, Any]
Handler = Callable[[Session, Event, Terms], str]

DONE = ("credits_added", "already_processed", "refund_processed", "dispute_processed", "ignored")


@retried
def receive(webhook_id: str, body: bytes, event: Event, terms: Terms) -> str:
    """Store an event and apply it, in one transaction; return what became of it.

    `event` is the parsed `body`: an object with a text `type`. The same body under the same id is
    not applied again once it is done.
    """
    with transaction() as session:
        stored, seen = _store(session, webhook_id, body, event)
        if seen and stored.status in DONE:
            return "already_processed"
        try:
            stored.status = _handler(event["type"])(session, event, terms)
        except Unusable as reason:
            stored.status, stored.last_error = "review", str(reason)
        stored.processed_at = now()
        return stored.status


def _store(
    session: Session, webhook_id: str, body: bytes, event: Event
) -> tuple[WebhookEvent, bool]:
    """Keep the event; tell whether this very body was stored before."""
    data = event.get("data")
    payment_id = data.get("payment_id") if isinstance(data, dict) else None
    usable = isinstance(payment_id, str) and len(payment_id) <= 255 and "\0" not in payment_id
    event_type = event["type"][:120].replace("\0", "")
    new = insert_new(
        session,
        WebhookEvent,
        id=webhook_id,
        type=event_type,
        payment_id=payment_id if usable else None,
        payload=body,
        status="received",
        attempts=1,
        received_at=now(),
    )
    stored = session.get_one(WebhookEvent, webhook_id, with_for_update=True)
    seen = not new and stored.payload == body
    if not new:
        stored.attempts += 1
        stored.type, stored.payload, stored.last_error = event_type, body, None
        stored.payment_id = payment_id if usable else None
    return stored, seen


def _handler(event_type: str) -> Handler:
    if event_type in PAYMENT_EVENTS:
        return _payment
    if event_type in ("refund.succeeded", "refund.failed"):
        return _refund
    return _dispute if event_type in DISPUTE_EVENTS else _ignored


PAYMENT_EVENTS = ("payment.succeeded", "payment.failed", "payment.processing", "payment.cancelled")
DISPUTE_EVENTS = tuple(
    f"dispute.{state}"
    for state in ("opened", "expired", "accepted", "cancelled", "challenged", "won", "lost")
)


def _payment(session: Session, event: Event, terms: Terms) -> str:
    return payments._apply_payment(session, payment_facts(_data(event)), terms)


def _refund(session: Session, event: Event, _terms: Terms) -> str:
    return payments._apply_refund(session, refund_facts(_data(event), event_time(event)))


def _dispute(session: Session, event: Event, _terms: Terms) -> str:
    return payments._apply_dispute(session, dispute_facts(_data(event), event_time(event)))


def _ignored(_session: Session, _event: Event, _terms: Terms) -> str:
    return "ignored"


def _data(event: Event) -> dict[str, Any]:
    data = event.get("data")
    if not isinstance(data, dict):
        raise Unusable("data is not an object")
    return data
