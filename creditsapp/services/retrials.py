"""Webhooks that are tried again: those that failed, and those that wait for their payment."""

import logging
import time
from datetime import datetime

from sqlalchemy import case, select, update

from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.errors import DodoFailed, NotKnown
from creditsapp.extensions import db
from creditsapp.models import Payment, WebhookEvent
from creditsapp.services import events, webhooks
from creditsapp.services.errors import ServiceError
from creditsapp.services.facts import Unusable
from creditsapp.services.payments import UNKNOWN, Terms
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import end_reads, now, transaction

log = logging.getLogger(__name__)

DODO_SECONDS = 20.0
WAITING = ("failed", "parked")
MOST_QUESTIONS = 30  # about a payment, over some six days


@retried
def make_due() -> None:
    """Let every webhook that failed be tried now; those that are parked ask Dodo at their pace."""
    with transaction() as session:
        at = now()
        session.execute(
            update(WebhookEvent)
            .where(WebhookEvent.next_attempt_at > at, WebhookEvent.status == "failed")
            .values(next_attempt_at=at)
        )


def retry_due(dodo: DodoClient, terms: Terms) -> int:
    """Try again what is due by now; return how many were applied.

    For a parked one, Dodo is asked for the payment that it waits for, but not for ever.
    """
    began, applied = now(), 0
    while (claimed := _claim(began)) is not None:
        webhook_id, status, payment_id, body = claimed
        if status == "parked":
            applied += _fetch(dodo, terms, webhook_id, payment_id)
        else:
            applied += _retry(webhook_id, body, terms)
    return applied


@retried
def _claim(before: datetime) -> tuple[str, str, str | None, bytes] | None:
    """Take the webhook that has waited longest, so that no other worker takes it meanwhile."""
    due = (
        select(WebhookEvent)
        .where(WebhookEvent.next_attempt_at <= before, WebhookEvent.status.in_(WAITING))
        .order_by(WebhookEvent.next_attempt_at, WebhookEvent.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        event = session.scalar(due.execution_options(populate_existing=True))
        if event is None:
            return None
        event.next_attempt_at = webhooks.next_attempt(event.attempts + 1)
        return event.id, event.status, event.payment_id, event.payload


def _retry(webhook_id: str, body: bytes, terms: Terms) -> bool:
    try:
        webhooks.receive(webhook_id, body, terms)
        return True
    except ServiceError:
        raise
    except Exception:  # it is kept with its error, and must not stop the others
        log.exception("webhook %s failed again", webhook_id)
        return False


def _fetch(dodo: DodoClient, terms: Terms, webhook_id: str, payment_id: str | None) -> bool:
    """Learn the payment that a parked webhook waits for; whether it waits no more."""
    payment = db.session.get(Payment, payment_id, populate_existing=True)
    if payment is None or payment.status != UNKNOWN:
        return _wait_no_more(webhook_id)
    end_reads()
    try:
        answer = dodo.payment(payment.id, deadline=time.monotonic() + DODO_SECONDS)
        events.learn_payment(payment.id, answer.data, terms)
        return _wait_no_more(webhook_id)
    except NotKnown:
        _note(webhook_id, "Dodo does not know its payment")
    except DodoFailed as failure:
        _note(webhook_id, f"Dodo failed: {failure.detail}")
    except Unusable as reason:
        _note(webhook_id, f"Dodo's answer about its payment cannot be used: {reason}")
    except ServiceError:
        raise
    except Exception as error:  # it must not stop the others
        log.exception("the payment of webhook %s could not be learned", webhook_id)
        _note(webhook_id, webhooks.in_words(error))
    return False


@retried
def _wait_no_more(webhook_id: str) -> bool:
    """Leave a parked webhook alone whose payment is no order of ours; True if it was taken up."""
    with transaction() as session:
        event = session.get_one(WebhookEvent, webhook_id, populate_existing=True)
        if event.status == "parked":
            event.next_attempt_at = None
        return event.status != "parked"


@retried
def _note(webhook_id: str, error: str) -> None:
    with transaction() as session:
        session.execute(
            update(WebhookEvent)
            .where(WebhookEvent.id == webhook_id, WebhookEvent.status == "parked")
            .values(
                attempts=WebhookEvent.attempts + 1,
                last_error=error,
                next_attempt_at=case(
                    (WebhookEvent.attempts < MOST_QUESTIONS, WebhookEvent.next_attempt_at),
                    else_=None,
                ),
            )
        )
