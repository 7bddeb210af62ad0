"""Payments that came from no order of ours, as from a payment link: given to one by a person."""

import uuid
from decimal import Decimal

from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import Payment, Purchase
from creditsapp.models.types import LIMIT, is_uuid, to_units
from creditsapp.services.audit import Decision
from creditsapp.services.errors import NothingToDecide, PaymentNotFound
from creditsapp.services.grants import check_alone
from creditsapp.services.parked import _take_up
from creditsapp.services.retrying import retried
from creditsapp.services.reviews import _give, _note, _was_done, paid_dollars
from creditsapp.services.transaction import locked, now, transaction

ATTACH = "credits attach"


@retried
def attach(
    payment_id: str, purchase_id: str, decision: Decision, *, above: Decimal = LIMIT
) -> Payment:
    """Let a payment pay an order, which gets its credits.

    Raise PaymentNotFound, NothingToDecide, IdempotencyConflict, or SecondOperatorNeeded where more
    than `above` credits were ordered for other dollars than those that were paid.
    """
    with transaction() as session:
        payment = _payment(session, payment_id)
        if _was_done(ATTACH, payment, decision, purchase_id):
            return payment
        _check_unattached(payment)
        order = locked(session, Purchase, purchase_id) if is_uuid(purchase_id) else None
        if order is None:
            raise PaymentNotFound("There is no such purchase.")
        if order.paid_at is not None:
            raise NothingToDecide("This purchase is paid already.")
        if order.dollars not in paid_dollars(payment):
            check_alone(order.credits, above)
        _attach(session, payment, order, decision, purchase_id)
        return payment


@retried
def attach_to_user(
    payment_id: str,
    user_id: int,
    dollars: int,
    credits: Decimal,
    decision: Decision,
    *,
    above: Decimal = LIMIT,
) -> Payment:
    """Let a payment pay an order of a user that is made for it.

    Raise PaymentNotFound, NothingToDecide, IdempotencyConflict, or SecondOperatorNeeded where more
    than `above` credits rest on the operator's word for the dollars alone.
    """
    asked = [user_id, dollars, to_units(credits)]
    with transaction() as session:
        payment = _payment(session, payment_id)
        if _was_done(ATTACH, payment, decision, asked):
            return payment
        _check_unattached(payment)
        if dollars not in paid_dollars(payment):
            check_alone(credits, above)
        at = now()
        order = Purchase(
            id=str(uuid.uuid4()),
            user_id=user_id,
            dollars=dollars,
            credits=credits,
            status="pending",
            created_at=at,
            updated_at=at,
        )
        session.add(order)
        session.flush()
        _attach(session, payment, order, decision, asked)
        return payment


def possible_dollars(payment_id: str) -> set[int]:
    """The whole US dollars that a payment may have been for: its total without tax, or with it.

    Raise PaymentNotFound.
    """
    return paid_dollars(find(payment_id))


def find(payment_id: str) -> Payment:
    """A payment as it stands; raise PaymentNotFound."""
    payment = db.session.get(Payment, payment_id.replace("\0", ""), populate_existing=True)
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    return payment


def _payment(session: Session, payment_id: str) -> Payment:
    payment = locked(session, Payment, payment_id.replace("\0", ""))
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    return payment


def _check_unattached(payment: Payment) -> None:
    if payment.purchase_id is not None:
        raise NothingToDecide(f"This payment belongs to purchase {payment.purchase_id}.")
    if payment.status != "succeeded":
        raise NothingToDecide(f"This payment is {payment.status}; there is no money to attach.")
    if payment.decision == "refunded":
        raise NothingToDecide("This payment has gone back; there is no money to attach.")


def _attach(
    session: Session, payment: Payment, order: Purchase, decision: Decision, asked: object
) -> None:
    payment.purchase_id = order.id
    payment.review_reason = "it came from no order of ours"
    _note(session, ATTACH, payment, decision, asked)
    _give(session, payment, order, order.credits)
    _take_up(session, payment)
