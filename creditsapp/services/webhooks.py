"""The inbox: every verified webhook is stored as it came, together with all that it causes.

What failed is kept as well, with its error, and tried again; nothing of it was applied.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, defer

from creditsapp.extensions import db
from creditsapp.models import WebhookEvent
from creditsapp.services import audit
from creditsapp.services.audit import Decision
from creditsapp.services.errors import OutcomeUnknown, ServiceError, TryAgainLater
from creditsapp.services.events import Event, _apply
from creditsapp.services.facts import Unusable
from creditsapp.services.payments import Terms
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, locked, now, streamed, transaction
from creditsapp.strict_json import parse_json

log = logging.getLogger(__name__)

DONE = ("credits_added", "already_processed", "refund_processed", "dispute_processed", "ignored")
STATUSES = (*DONE, "recorded", "parked", "review", "failed", "invalid")
INVALID = "invalid"
REPLAY = "webhooks replay"
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
STOPS = (TryAgainLater, OutcomeUnknown)


class WebhookNotFound(ServiceError):
    """The inbox has no webhook with this id."""

    code = "not_found"
    status = 404


def receive(
    webhook_id: str, body: bytes, terms: Terms, *, replayed_by: Decision | None = None
) -> str:
    """Store a verified body and apply it, in one transaction; return what became of it.

    The same body under the same id is not applied again once it is done, unless somebody asks for
    it. A body that is no event is kept and is `invalid`. What fails inside is kept as `failed`, and
    raised.
    """
    event = _read(body)
    try:
        return _store_and_apply(webhook_id, body, event, terms, replayed_by)
    except STOPS:  # the database would not keep the failure either
        raise
    except Exception as error:
        _keep_failure(webhook_id, body, event, error)
        raise


def replay(webhook_id: str, terms: Terms, decision: Decision) -> str:
    """Apply a stored webhook again, as if it had just come; harmless, however often.

    A key that applied it before only tells how it stands.
    """
    key = decision.stored_key
    if key is not None and audit.done(REPLAY, webhook_id, key):
        return find(webhook_id).status
    return receive(webhook_id, find(webhook_id).payload, terms, replayed_by=decision)


def _read(body: bytes) -> Event | None:
    """The event in a body: an object with a text `type`; None for anything else."""
    try:
        event = parse_json(body)
    except ValueError:
        return None
    readable = isinstance(event, dict) and isinstance(event.get("type"), str) and event["type"]
    return event if readable else None


@retried
def _store_and_apply(
    webhook_id: str, body: bytes, event: Event | None, terms: Terms, replayed_by: Decision | None
) -> str:
    with transaction() as session:
        stored, is_new = _locked_event(session, webhook_id, body, event)
        seen = not is_new and stored.payload == body
        if replayed_by:
            audit._record(
                session,
                actor=replayed_by.actor,
                command=REPLAY,
                subject=webhook_id,
                reason=replayed_by.reason,
                details={},
                key=replayed_by.stored_key,
            )
        if not is_new:
            stored.attempts += 1
        if event is None:
            return _invalid(stored, is_new)
        if seen and stored.status in DONE and replayed_by is None:
            return "already_processed"
        before = stored.status
        stored.type, stored.payload, stored.last_error = _type(event), body, None
        stored.payment_id = _payment_id(event)
        try:
            stored.status = _apply(session, event, terms)
        except Unusable as reason:
            stored.status, stored.last_error = "review", str(reason)
        if seen and stored.status == "already_processed" and before in DONE:
            stored.status = before  # which says more
        stored.processed_at = now()
        waits = stored.status == "parked"
        stored.next_attempt_at = next_attempt(stored.attempts) if waits else None
        return stored.status


def _locked_event(
    session: Session, webhook_id: str, body: bytes, event: Event | None
) -> tuple[WebhookEvent, bool]:
    """The stored webhook, and whether it was stored just now."""
    is_new = insert_new(
        session,
        WebhookEvent,
        id=webhook_id,
        type=_type(event),
        payment_id=_payment_id(event),
        payload=body,
        status="received",
        attempts=1,
        received_at=now(),
    )
    stored = locked(session, WebhookEvent, webhook_id)
    assert stored is not None  # it was inserted, or stood
    return stored, is_new


def _type(event: Event | None) -> str:
    return "" if event is None else event["type"][:120].replace("\0", "")


def _payment_id(event: Event | None) -> str | None:
    data: Any = (event or {}).get("data")
    payment_id = data.get("payment_id") if isinstance(data, dict) else None
    usable = isinstance(payment_id, str) and len(payment_id) <= 255 and "\0" not in payment_id
    return payment_id if usable else None


def _invalid(stored: WebhookEvent, is_new: bool) -> str:
    """Say so of a body that is no event; it replaces none that was one."""
    if is_new or stored.status == INVALID:
        stored.status, stored.processed_at = INVALID, now()
        stored.last_error = "the body is not an event"
    return INVALID


def next_attempt(attempts: int) -> datetime:
    """When to try again what was tried this often: twice as long after each."""
    return now() + min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)


def _keep_failure(webhook_id: str, body: bytes, event: Event | None, error: Exception) -> None:
    """Keep what could not be applied, and why, as well as that goes."""
    try:
        with transaction() as session:
            stored, is_new = _locked_event(session, webhook_id, body, event)
            if not is_new:
                stored.attempts += 1
            if stored.status not in DONE:
                stored.type, stored.payload = _type(event), body
                stored.payment_id = _payment_id(event)
                stored.status, stored.last_error = "failed", in_words(error)
                stored.next_attempt_at = next_attempt(stored.attempts)
    except Exception:
        log.exception("The failure of webhook %s could not be kept", webhook_id)


def in_words(error: Exception) -> str:
    """One line; of a database's error only its own words, since others quote what was stored."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first = next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {first}".replace("\0", "")[:500]


def find(webhook_id: str) -> WebhookEvent:
    """A stored webhook; raise WebhookNotFound."""
    found = db.session.get(WebhookEvent, webhook_id) if "\0" not in webhook_id else None
    if found is None:
        raise WebhookNotFound("There is no such webhook in the inbox.")
    return found


def stored(status: str | None = None) -> Iterator[WebhookEvent]:
    """The webhooks in the inbox, oldest first, without what they carried."""
    query = select(WebhookEvent).order_by(WebhookEvent.received_at, WebhookEvent.id)
    if status is not None:
        query = query.where(WebhookEvent.status == status)
    query = query.options(defer(WebhookEvent.payload, raiseload=True))
    return (row[0] for row in streamed(query))
