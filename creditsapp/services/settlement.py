"""What a payment's refunds and disputes come to, computed from its whole state.

However its events came, the same facts end in the same balance, and a repeat changes nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.models import Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.models.types import as_credits, from_units, to_units
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.transaction import now

MONEY_GONE = (
    "dispute_opened",
    "dispute_challenged",
    "dispute_lost",
    "dispute_accepted",
    "dispute_expired",
)


def _settle(session: Session, payment: Payment) -> bool:
    """Take back, or restore, what the payment's refunds and disputes now come to.

    Return whether all of it could be settled; a refund that cannot be compared with what was paid
    is left to a person, and the rest is settled without it.
    """
    if not payment.credited or payment.purchase_id is None:
        return True
    refunds = session.scalars(
        select(PaymentRefund).where(
            PaymentRefund.payment_id == payment.id, PaymentRefund.status == "succeeded"
        )
    ).all()
    disputes = session.scalars(
        select(PaymentDispute.status).where(PaymentDispute.payment_id == payment.id)
    ).all()
    disputed = any(status in MONEY_GONE for status in disputes)
    share, comparable = refunded_share(payment, refunds)
    if not comparable:
        payment.review_reason = "a refund in a currency that cannot be compared"
    taken_back = payment.credited if disputed else floor_share(payment.credited, share)
    because = "dispute" if disputed or disputes else "refund"
    if not disputed and taken_back > payment.reversed_credits:
        because = "refund"
    if taken_back != payment.reversed_credits:
        _move(session, payment, taken_back, because)
    return comparable


def _move(session: Session, payment: Payment, taken_back: Decimal, because: str) -> None:
    """Post the difference to what was taken back before."""
    difference = taken_back - payment.reversed_credits
    payment.reversed_credits = taken_back
    payment.settlements += 1
    payment.updated_at = now()
    session.flush()
    purchase = session.get_one(Purchase, payment.purchase_id)
    post_unguarded(
        session.connection(),
        Movement(
            user_id=purchase.user_id,
            amount=as_credits(-difference),
            type=because,
            key=f"settle:{payment.id}:{payment.settlements}",
            description=_explanation(because, difference),
            purchase_id=purchase.id,
            payment_id=payment.id,
        ),
    )


def refunded_share(payment: Payment, refunds: Sequence[PaymentRefund]) -> tuple[Fraction, bool]:
    """How much of a payment came back, from 0 to 1, and whether every refund could be counted."""
    if any(refund.is_partial is False for refund in refunds):
        return Fraction(1), True
    shares = [_share(payment, refund) for refund in refunds]
    known = sum((share for share in shares if share is not None), Fraction(0))
    return min(known, Fraction(1)), None not in shares or known >= 1


def _share(payment: Payment, refund: PaymentRefund) -> Fraction | None:
    if refund.currency in (None, payment.currency):
        paid = payment.total
    else:
        paid = payment.settlement if refund.currency == payment.settlement_currency else None
    return Fraction(refund.amount, paid) if paid and refund.amount is not None else None


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
