"""Payments that wait for a person: approved or rejected."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.models import Payment, Purchase
from creditsapp.models.types import LIMIT, added, is_uuid, to_units
from creditsapp.services import audit, wallets
from creditsapp.services.audit import Decision
from creditsapp.services.errors import IdempotencyConflict, NothingToDecide, PaymentNotFound
from creditsapp.services.grants import check_alone
from creditsapp.services.orders import _reject_order
from creditsapp.services.parked import _take_up
from creditsapp.services.payments import NOT_COMPARABLE, _credit
from creditsapp.services.retrying import retried
from creditsapp.services.settlement import _settle
from creditsapp.services.transaction import locked, now, transaction


@retried
def approve(
    either_id: str, decision: Decision, *, credits: Decimal | None = None, above: Decimal = LIMIT
) -> Payment:
    """Give a waiting payment its credits: those that were ordered, or as many as are named.

    A payment that has its credits already, and whose refund cannot be compared, is only closed;
    credits for that are moved by `adjust`. Raise PaymentNotFound, NothingToDecide,
    IdempotencyConflict, or SecondOperatorNeeded for more than `above` beyond what was paid for.
    """
    asked = None if credits is None else to_units(credits)
    with transaction() as session:
        payment = _payment_to_decide(session, either_id)
        if _was_done("credits approve", payment, decision, asked):
            return payment
        _check_open(payment)
        _note(session, "credits approve", payment, decision, asked)
        if not payment.credited:
            order = locked(session, Purchase, str(payment.purchase_id))
            assert order is not None  # a foreign key leads there
            given = order.credits if credits is None else credits
            proven = order.credits if _is_paid(payment, order) else Decimal(0)
            check_alone(added(given, proven.copy_negate()), above)
            _give(session, payment, order, given)
        elif credits is None:
            payment.decision = "approved"
        else:
            raise NothingToDecide(
                "This payment has its credits already; use adjust to give or take some."
            )
        _take_up(session, payment)
        return payment


def _is_paid(payment: Payment, order: Purchase) -> bool:
    """Whether nothing speaks against an order's dollars; another currency cannot be compared."""
    return payment.currency != "USD" or order.dollars in paid_dollars(payment)


def paid_dollars(payment: Payment) -> set[int]:
    """The whole US dollars that a payment may have been for: its total without tax, or with it."""
    if payment.currency != "USD" or payment.total is None:
        return set()
    readings = (payment.total - (payment.tax or 0), payment.total)
    return {cents // 100 for cents in readings if cents >= 100 and cents % 100 == 0}


@retried
def reject(either_id: str, decision: Decision) -> Payment:
    """Decide that a waiting payment, or one that is no order's, gives no credits.

    Raise PaymentNotFound, NothingToDecide or IdempotencyConflict.
    """
    with transaction() as session:
        payment = _payment_to_decide(session, either_id)
        if _was_done("credits reject", payment, decision, None):
            return payment
        is_stray = payment.purchase_id is None and payment.status == "succeeded"
        if not is_stray or payment.decision is not None:
            _check_open(payment)
        if payment.credited:
            raise NothingToDecide(
                "This payment has its credits already. Take some with adjust, then approve it."
            )
        _note(session, "credits reject", payment, decision, None)
        payment.decision = "rejected"
        if payment.purchase_id is not None:
            _reject_order(session, payment)
        _take_up(session, payment)
        return payment


def _payment_to_decide(session: Session, either_id: str) -> Payment:
    """The payment of this id, or the one of the order of this id that waits."""
    payment = locked(session, Payment, either_id.replace("\0", ""))
    if payment is None and is_uuid(either_id):
        of_order = select(Payment.id).where(Payment.purchase_id == either_id)
        found = session.scalars(of_order.where(Payment.waits)).all()
        if len(found) > 1:
            ids = ", ".join(sorted(found))
            raise NothingToDecide(f"Several payments of this purchase wait; choose one: {ids}.")
        newest = session.scalar(of_order.order_by(Payment.updated_at.desc()).limit(1))
        payment = locked(session, Payment, found[0] if found else newest or "")
    if payment is None:
        raise PaymentNotFound("There is no such payment, nor a purchase with one.")
    return payment


def _was_done(command: str, payment: Payment, decision: Decision, asked: Any) -> bool:
    """Whether this key decided the same before; raise IdempotencyConflict when something else."""
    key = decision.stored_key
    if key is None:
        return False
    before = audit.done(command, payment.id, key)
    if before is not None and before.details.get("asked") != asked:
        raise IdempotencyConflict("This key was used before, for something else.")
    return before is not None


def _check_open(payment: Payment) -> None:
    if payment.decision is not None:
        raise NothingToDecide(f"This payment was {payment.decision} before.")
    if not payment.waits:
        raise NothingToDecide(f"This payment is {payment.status}, and waits for nobody.")


def _note(session: Session, command: str, payment: Payment, decision: Decision, asked: Any) -> None:
    audit._record(
        session,
        actor=decision.actor,
        command=command,
        subject=payment.id,
        reason=decision.reason,
        details={"waited_for": payment.review_reason, "asked": asked},
        key=decision.stored_key,
    )


def _give(session: Session, payment: Payment, order: Purchase, credits: Decimal) -> None:
    """Credit a payment; what was refunded or disputed meanwhile is taken back at once."""
    balance = wallets._balance(session, order.user_id).balance
    if added(balance, credits) > LIMIT:
        raise NothingToDecide("The wallet cannot keep that many credits.")
    payment.decision, payment.updated_at = "approved", now()
    _credit(session, payment, order, credits)
    if not _settle(session, payment):
        payment.review_reason, payment.decision = NOT_COMPARABLE, None
