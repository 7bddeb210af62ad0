"""What an order shows of its payments, short of being paid."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from creditsapp.models import Payment, Purchase
from creditsapp.services.settlement import is_wholly_refunded
from creditsapp.services.transaction import locked, now

ENDED = ("failed", "cancelled")
UNDER_WAY = (
    "processing",
    "succeeded",
    "requires_capture",
    "requires_merchant_action",
    "partially_captured",
    "partially_captured_and_capturable",
)


def _follow(order: Purchase, status: str) -> None:
    """Let an unpaid order show what became of its payment."""
    if order.status in ("created", "pending", "failed", "cancelled", "expired"):
        order.status = status if status in ENDED else "pending"
        order.updated_at = now()


def _review_order(order: Purchase) -> None:
    """Show that a payment waits for a person."""
    if order.status not in ("paid", "rejected"):
        order.status, order.updated_at = "review", now()


def _heed_whole_refund(session: Session, payment: Payment) -> None:
    """Nobody has to decide about a payment that gave no credits while all of it has gone back."""
    if payment.credited:
        return
    gone = is_wholly_refunded(session.connection(), payment)
    if payment.purchase_id is None:
        if payment.status == "succeeded" and payment.decision in (None, "refunded"):
            payment.decision = "refunded" if gone else None
    elif payment.waits and gone:
        payment.decision = "refunded"
        _reject_order(session, payment)
    elif payment.decision == "refunded" and not gone:
        payment.decision = None
        session.flush()
        order = locked(session, Purchase, payment.purchase_id)
        if order is not None and order.status == "rejected":
            order.status, order.updated_at = "review", now()


def _reject_order(session: Session, payment: Payment) -> None:
    """Close the order of a payment that gives no credits, unless another waits or has paid it."""
    session.flush()
    order = locked(session, Purchase, str(payment.purchase_id))
    another = select(Payment.id).where(
        Payment.purchase_id == payment.purchase_id,
        Payment.id != payment.id,
        or_(Payment.waits, Payment.status.in_(UNDER_WAY) & Payment.decision.is_(None)),
    )
    if order is not None and order.status == "review" and session.scalar(another.limit(1)) is None:
        order.status, order.updated_at = "rejected", now()
