"""What a payment's refunds and disputes come to, computed from its whole state.

However its events came, the same facts end in the same balance, and a repeat changes nothing.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, select, union
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.models import Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.models.types import NO_CREDITS, added, from_units, to_units
from creditsapp.services import mails
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.transaction import now

MONEY_GONE = (
    "dispute_opened",
    "dispute_challenged",
    "dispute_lost",
    "dispute_accepted",
    "dispute_expired",
)


def _settle(session: Session, payment: Payment, because: str | None = None) -> bool:
    """Take back, or restore, what the payment's refunds and disputes now come to.

    `because` of a `refund` or a `dispute`, if one was heard of just now. Return whether all of it
    could be settled; a refund that cannot be compared with what was paid is left to a person, and
    the rest is settled without it.
    """
    if not payment.credited:
        return True
    taken_back, disputes, comparable = _state(session.connection(), payment)
    if taken_back != payment.reversed_credits:
        disputed = any(status in MONEY_GONE for status in disputes)
        _move(session, payment, taken_back, because or ("dispute" if disputed else "refund"))
    return comparable


def _state(connection: Connection, payment: Any) -> tuple[Decimal, Sequence[str], bool]:
    """The credits that are to be back by now, the disputes' states, and if all could be counted."""
    disputes = connection.scalars(
        select(PaymentDispute.status).where(PaymentDispute.payment_id == payment.id)
    ).all()
    share, comparable = refunded_share(payment, _refunds(connection, payment))
    if any(status in MONEY_GONE for status in disputes):
        return payment.credited, disputes, comparable
    return floor_share(payment.credited, share), disputes, comparable


def is_wholly_refunded(connection: Connection, payment: Any) -> bool:
    """Whether all that was paid has gone back."""
    return refunded_share(payment, _refunds(connection, payment))[0] == 1


def _refunds(connection: Connection, payment: Any) -> Sequence[Any]:
    return connection.execute(
        select(PaymentRefund.amount, PaymentRefund.currency, PaymentRefund.is_partial).where(
            PaymentRefund.payment_id == payment.id, PaymentRefund.status == "succeeded"
        )
    ).all()


def wrong_payments(connection: Connection, span: dict[str, int]) -> Iterator[tuple[int, str]]:
    """Users (of `first` to `last`) and payments whose taken-back credits are not what they owe."""
    touched = union(
        select(PaymentRefund.payment_id),
        select(PaymentDispute.payment_id),
        select(Payment.id).where(Payment.reversed_credits != NO_CREDITS),
    ).subquery()
    query = (
        select(Payment.__table__, Purchase.user_id)
        .join(Purchase, Purchase.id == Payment.purchase_id)
        .where(
            Payment.credited != NO_CREDITS,
            Payment.id.in_(select(touched.c[0])),
            Purchase.user_id.between(span["first"], span["last"]),
        )
        .order_by(Payment.id)
    )
    for payment in connection.execute(query).all():
        if _state(connection, payment)[0] != payment.reversed_credits:
            yield payment.user_id, payment.id


def _move(session: Session, payment: Payment, taken_back: Decimal, because: str) -> None:
    """Post the difference to what was taken back before."""
    difference = added(taken_back, payment.reversed_credits.copy_negate())
    payment.reversed_credits = taken_back
    payment.settlements += 1
    payment.updated_at = now()
    session.flush()
    purchase = session.get_one(Purchase, payment.purchase_id)
    key = f"settle:{payment.id}:{payment.settlements}"
    entry = post_unguarded(
        Driver.of(session),
        Movement(
            user_id=purchase.user_id,
            amount=difference.copy_negate(),
            type=because,
            key=key,
            description=_explanation(because, difference),
            purchase_id=purchase.id,
            payment_id=payment.id,
        ),
    )
    mails._queue(
        session,
        purchase.user_id,
        because if difference > 0 else "restored",
        key=key,
        credits=abs(to_units(difference)),
        balance=to_units(entry.balance_after),
        dollars=purchase.dollars,
        purchase_id=purchase.id,
    )


def refunded_share(payment: Any, refunds: Sequence[Any]) -> tuple[Fraction, bool]:
    """How much of a payment came back, from 0 to 1, and whether every refund could be counted."""
    if any(refund.is_partial is False for refund in refunds):
        return Fraction(1), True
    shares = [_share(payment, refund) for refund in refunds]
    known = sum((share for share in shares if share is not None), Fraction(0))
    return min(known, Fraction(1)), None not in shares or known >= 1


def is_countable(payment: Payment, refund: PaymentRefund) -> bool:
    """Whether it can be told how much of a payment a refund is."""
    return refund.is_partial is False or _share(payment, refund) is not None


def _share(payment: Any, refund: Any) -> Fraction | None:
    if refund.currency in (None, payment.currency):
        paid = payment.total
    else:
        paid = payment.settlement if refund.currency == payment.settlement_currency else None
    return Fraction(refund.amount, paid) if paid and refund.amount is not None else None


def floor_share(credited: Decimal, share: Fraction) -> Decimal:
    """A share of credits, floored to what can be kept (0.0001)."""
    return from_units(int(to_units(credited) * share))


def _explanation(because: str, difference: Decimal) -> str:
    if because == "dispute":
        if difference < 0:
            return "Restored: the money is no longer disputed"
        return "Taken back: the payment is disputed"
    if difference < 0:
        return "Restored: the refund did not go through"
    return "Taken back: the payment was refunded"
