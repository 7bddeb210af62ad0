"""Payments that wait for a person: approved, rejected, or attached to an order."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import Payment, Purchase
from creditsapp.models.types import LIMIT, added, is_uuid
from creditsapp.services import audit, wallets
from creditsapp.services.errors import ServiceError
from creditsapp.services.idempotency import caller_key
from creditsapp.services.order_list import WAITS
from creditsapp.services.parked import _take_up
from creditsapp.services.payments import _credit, _reject_order
from creditsapp.services.retrying import retried
from creditsapp.services.settlement import _settle
from creditsapp.services.transaction import now, transaction


class PaymentNotFound(ServiceError):
    """No payment has this id, nor does an order that has one."""

    code = "not_found"
    status = 404


class NothingToDecide(ServiceError):
    """The payment does not wait for a person, or cannot be decided like this."""

    code = "nothing_to_decide"
    status = 409


@dataclass(frozen=True)
class Decision:
    """Who decides, why, and under which key a repeat changes nothing."""

    actor: str
    reason: str
    key: str | None = None


@retried
def approve(either_id: str, decision: Decision, *, credits: Decimal | None = None) -> Payment:
    """Give a waiting payment its credits: those that were ordered, or as many as are named.

    A payment that has its credits already, and whose refund cannot be compared, is only closed;
    credits for that are moved by `adjust`. Raise PaymentNotFound or NothingToDecide.
    """
    with transaction() as session:
        payment = _locked(session, either_id)
        if _was_decided(session, "credits approve", payment, decision):
            return payment
        if payment.credited:
            if credits is not None:
                raise NothingToDecide(
                    "This payment has its credits already; use adjust to give or take some."
                )
            payment.decision = "approved"
        else:
            purchase = session.get_one(Purchase, payment.purchase_id, with_for_update=True)
            _give(session, payment, purchase, purchase.credits if credits is None else credits)
        _take_up(session, payment)
        return payment


@retried
def reject(either_id: str, decision: Decision) -> Payment:
    """Decide that a waiting payment gives no credits. Raise PaymentNotFound or NothingToDecide."""
    with transaction() as session:
        payment = _locked(session, either_id)
        if _was_decided(session, "credits reject", payment, decision):
            return payment
        if payment.credited:
            raise NothingToDecide(
                "This payment has its credits already. Take some with adjust, then approve it."
            )
        payment.decision = "rejected"
        _reject_order(session, payment)
        _take_up(session, payment)
        return payment


@retried
def attach(payment_id: str, purchase_id: str, decision: Decision) -> Payment:
    """Let a payment that came from no order of ours pay one, which gets its credits.

    Raise PaymentNotFound or NothingToDecide.
    """
    with transaction() as session:
        payment = _unattached(session, payment_id, decision)
        if payment.purchase_id is not None:
            return payment
        purchase = None
        if is_uuid(purchase_id):
            purchase = session.get(Purchase, purchase_id, with_for_update=True)
        if purchase is None:
            raise PaymentNotFound("There is no such purchase.")
        if purchase.paid_at is not None:
            raise NothingToDecide("This purchase is paid already.")
        return _attach(session, payment, purchase, decision)


@retried
def attach_to_user(
    payment_id: str, user_id: int, dollars: int, credits: Decimal, decision: Decision
) -> Payment:
    """Let a payment that came from no order of ours pay one that is made for it.

    Raise PaymentNotFound or NothingToDecide.
    """
    with transaction() as session:
        payment = _unattached(session, payment_id, decision)
        if payment.purchase_id is not None:
            return payment
        at = now()
        purchase = Purchase(
            id=str(uuid.uuid4()),
            user_id=user_id,
            dollars=dollars,
            credits=credits,
            status="pending",
            created_at=at,
            updated_at=at,
        )
        session.add(purchase)
        session.flush()
        return _attach(session, payment, purchase, decision)


def paid_dollars(payment: Payment) -> int | None:
    """The whole US dollars that a payment was for, tax aside; None where that cannot be told."""
    if payment.currency != "USD" or payment.total is None:
        return None
    for cents in (payment.total - (payment.tax or 0), payment.total):
        if cents >= 100 and cents % 100 == 0:
            return cents // 100
    return None


def find(payment_id: str) -> Payment:
    """A payment as it stands; raise PaymentNotFound."""
    payment = db.session.get(Payment, payment_id.replace("\0", ""), populate_existing=True)
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    return payment


def _unattached(session: Session, payment_id: str, decision: Decision) -> Payment:
    """A payment that is no order's, or the one that this very key attached before."""
    payment = session.get(Payment, payment_id.replace("\0", ""), with_for_update=True)
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    if _was_done("credits attach", payment, decision):
        return payment
    if payment.purchase_id is not None:
        raise NothingToDecide(f"This payment belongs to purchase {payment.purchase_id}.")
    if payment.status != "succeeded":
        raise NothingToDecide(f"This payment is {payment.status}; there is no money to attach.")
    return payment


def _attach(session: Session, payment: Payment, purchase: Purchase, decision: Decision) -> Payment:
    payment.purchase_id = purchase.id
    payment.review_reason = "it came from no order of ours"
    _note(session, "credits attach", payment, decision)
    _give(session, payment, purchase, purchase.credits)
    _take_up(session, payment)
    return payment


def _locked(session: Session, either_id: str) -> Payment:
    """The payment of this id, or the one of the order of this id that waits."""
    payment = session.get(
        Payment, either_id.replace("\0", ""), with_for_update=True, populate_existing=True
    )
    if payment is None and is_uuid(either_id):
        of_order = select(Payment).where(Payment.purchase_id == either_id)
        found = session.scalars(of_order.where(WAITS).with_for_update()).all()
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            raise NothingToDecide(f"Several payments of this purchase wait; choose one: {ids}.")
        newest = of_order.order_by(Payment.updated_at.desc()).limit(1).with_for_update()
        payment = found[0] if found else session.scalar(newest)
    if payment is None:
        raise PaymentNotFound("There is no such payment, nor a purchase with one.")
    return payment


def _was_decided(session: Session, command: str, payment: Payment, decision: Decision) -> bool:
    """Note a decision; True when the same key decided before. Raise NothingToDecide."""
    if _was_done(command, payment, decision):
        return True
    if payment.decision is not None:
        raise NothingToDecide(f"This payment was {payment.decision} before.")
    if payment.review_reason is None:
        raise NothingToDecide(f"This payment is {payment.status}, and waits for nobody.")
    _note(session, command, payment, decision)
    return False


def _was_done(command: str, payment: Payment, decision: Decision) -> bool:
    key = decision.key
    return key is not None and audit.was_done(command, payment.id, caller_key(key))


def _note(session: Session, command: str, payment: Payment, decision: Decision) -> None:
    audit._record(
        session,
        actor=decision.actor,
        command=command,
        subject=payment.id,
        reason=decision.reason,
        details={"waited_for": payment.review_reason},
        key=None if decision.key is None else caller_key(decision.key),
    )


def _give(session: Session, payment: Payment, purchase: Purchase, credits: Decimal) -> None:
    balance = wallets._balance(session, purchase.user_id).balance
    if added(balance, credits) > LIMIT:
        raise NothingToDecide("The wallet cannot keep that many credits.")
    payment.decision, payment.updated_at = "approved", now()
    _credit(session, payment, purchase, credits)
    _settle(session, payment)
