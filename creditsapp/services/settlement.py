"""What a payment's refunds and disputes come to, computed from its whole state.

However its events came, the same facts end in the same balance, and a repeat changes nothing.
"""

from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.models import Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.models.types import from_units, to_units
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.transaction import now

MONEY_GONE = (
    "dispute_opened",
    "dispute_challenged",
    "dispute_lost",
    "dispute_accepted",
    "dispute_expired",
)


def _settle(session: Session, payment: Payment) -> None:
    """Take back, or restore, what the payment's refunds and disputes now come to."""
    if not payment.credited or payment.purchase_id is None:
        return
    refunds = session.scalars(
        select(PaymentRefund).where(
            PaymentRefund.payment_id == payment.id, PaymentRefund.status == "succeeded"
        )
    ).all()
    disputes = session.scalars(
        select(PaymentDispute.status).where(PaymentDispute.payment_id == payment.id)
    ).all()
    disputed = any(status in MONEY_GONE for status in disputes)
    share = _refunded_share(payment, list(refunds))
    if share is None:
        payment.review_reason = "a refund in a currency that cannot be compared"
        share = Fraction(0)
    taken_back = payment.credited if disputed else floor_share(payment.credited, share)
    difference = taken_back - payment.reversed_credits
    if difference == 0:
        return
    payment.reversed_credits = taken_back
    payment.settlements += 1
    payment.updated_at = now()
    session.flush()
    because = "dispute" if disputed or (difference < 0 and disputes) else "refund"
    purchase = session.get_one(Purchase, payment.purchase_id)
    post_unguarded(
        session.connection(),
        Movement(
            user_id=purchase.user_id,
            amount=-difference,
            type=because,
            key=f"settle:{payment.id}:{payment.settlements}",
            description=_explanation(because, difference),
            purchase_id=purchase.id,
            payment_id=payment.id,
        ),
    )


def _refunded_share(payment: Payment, refunds: list[PaymentRefund]) -> Fraction | None:
    """How much of a payment came back, from 0 to 1; None when that cannot be told."""
    share = Fraction(0)
    for refund in refunds:
        if refund.is_partial is False:
            return Fraction(1)
        if refund.currency in (None, payment.currency):
            paid = payment.total
        else:
            paid = payment.settlement if refund.currency == payment.settlement_currency else None
        if not paid or refund.amount is None:
            return None
        share += Fraction(refund.amount, paid)
    return min(share, Fraction(1))


def floor_share(credited: Decimal, share: Fraction) -> Decimal:
    """A share of credits, floored to what can be kept (0.0001)."""
    return from_units(int(to_units(credited) * share // 1))


def _explanation(because: str, difference: Decimal) -> str:
    if because == "dispute":
        if difference < 0:
            return "Restored: the money is no longer disputed"
        return "Taken back: the payment is disputed"
    if difference < 0:
        return "Restored: the refund did not go through"
    return "Taken back: the payment was refunded"
