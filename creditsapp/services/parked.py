"""Webhooks that waited: for their payment to come, or for a person to decide about it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.models import Payment, WebhookEvent
from creditsapp.services.transaction import now


def _take_up(session: Session, payment: Payment) -> None:
    """Say of a payment's waiting webhooks what has become of them, now that it stands.

    One that is being delivered again at this moment is passed over, and says so itself.
    """
    session.flush()  # reading them anew must not undo what is not written yet
    query = (
        select(WebhookEvent)
        .where(
            WebhookEvent.payment_id == payment.id,
            WebhookEvent.status.in_(("parked", "recorded", "review")),
        )
        .with_for_update(skip_locked=True)
    )
    for event in session.scalars(query.execution_options(populate_existing=True)):
        status = _what_became(event, payment)
        if status is not None:
            event.status, event.processed_at = status, now()
            event.last_error = event.next_attempt_at = None


def _what_became(event: WebhookEvent, payment: Payment) -> str | None:
    """The status that a waiting webhook has by now; None while it waits."""
    if event.status == "review" and (payment.waits or event.last_error is not None):
        return None
    if event.type.startswith("refund.") and payment.waits and payment.credited:
        return "review"
    if event.type.startswith(("refund.", "dispute.")):
        return f"{event.type.partition('.')[0]}_processed" if payment.purchase_id else None
    if event.type == "payment.succeeded" and (payment.credited or payment.decision):
        return "credits_added" if payment.credited else "already_processed"
    return None
