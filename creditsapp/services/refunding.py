"""Refunds that operators ask Dodo for: asked once, and looked for where the answer was lost.

No credits move here. The refund's webhook takes them back, or reconciliation does.
"""

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from creditsapp.dodo.answers import objects, text
from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.errors import DodoFailed, RefundRefused, RefundUnknown
from creditsapp.extensions import db
from creditsapp.models import Payment, PaymentRefund, Purchase, RefundRequest
from creditsapp.models.types import is_uuid
from creditsapp.services import audit
from creditsapp.services.audit import Decision
from creditsapp.services.errors import (
    IdempotencyConflict,
    OutcomeUnknown,
    PaymentNotFound,
    ServiceError,
    TryAgainLater,
)
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import end_reads, locked, now, transaction

DODO_SECONDS = 20.0
SURELY_OVER = timedelta(minutes=2)
TOO_LATE = timedelta(seconds=30)  # to ask, since others may believe it lost before it is over
OPEN = ("asked", "unknown")


class NothingToRefund(ServiceError):
    """The payment cannot be refunded, or not by so much."""

    code = "nothing_to_refund"
    status = 409


def refund(
    dodo: DodoClient, either_id: str, decision: Decision, *, dollars: int | None = None
) -> RefundRequest:
    """Ask Dodo to refund a payment, or the one that paid a purchase: all of it, or some dollars.

    While an earlier request has no answer, it is looked for at Dodo, and nothing is asked unless it
    surely never arrived. Raise PaymentNotFound, NothingToRefund, RefundRefused or RefundUnknown.
    """
    request, is_new = _write_down(either_id, decision, dollars)
    if not is_new and request.status in OPEN:
        request = look_for(dodo, request)
        if request.status == "taken":
            _check_same(request, decision, dollars)
            return request
        request, is_new = _write_down(either_id, decision, dollars)
    if is_new:
        return _ask(dodo, request, decision.reason)
    if request.status != "taken":
        raise RefundUnknown("somebody else asks for a refund of this payment just now")
    return request


def look_for(dodo: DodoClient, request: RefundRequest) -> RefundRequest:
    """Find out at Dodo what became of a request without an answer.

    Raise RefundUnknown while it may still be on its way, DodoFailed when Dodo does not tell.
    """
    found = _found(dodo, request)
    if found is not None:
        return _close(request.id, "taken", found)
    if now() - request.created_at < SURELY_OVER:
        raise RefundUnknown("it is not there yet, and may still be on its way; look in two minutes")
    return _close(request.id, "refused", error="it never arrived at Dodo")


def status_of(request: RefundRequest) -> str:
    """How the refund stands that a request became, as far as it is known here."""
    made = db.session.get(PaymentRefund, request.refund_id, populate_existing=True)
    return str(made.status if made else request.refund_status)


def without_answer() -> list[RefundRequest]:
    """The requests of which nobody knows what became of them, oldest first."""
    query = select(RefundRequest).where(RefundRequest.status.in_(OPEN))
    return list(db.session.scalars(query.order_by(RefundRequest.created_at)).all())


@retried
def _write_down(
    either_id: str, decision: Decision, dollars: int | None
) -> tuple[RefundRequest, bool]:
    """The request that is to be asked, or one that stands in its way: of this key, or open."""
    key = decision.stored_key
    with transaction() as session:
        payment = _payment_to_refund(session, either_id)
        amount = _amount(payment, dollars)
        stands = _standing(session, payment.id, key)
        if stands is not None:
            if key is not None and stands.idempotency_key == key and stands.amount != amount:
                raise IdempotencyConflict("This key was used before, for another amount.")
            return stands, False
        at = now()
        request = RefundRequest(
            id=str(uuid.uuid4()),
            payment_id=payment.id,
            amount=amount,
            status="asked",
            idempotency_key=key,
            created_at=at,
            updated_at=at,
        )
        session.add(request)
        audit._record(
            session,
            actor=decision.actor,
            command="credits refund",
            subject=payment.id,
            reason=decision.reason,
            details={"request": request.id, "minor_units": amount},
        )
        return request, True


def _payment_to_refund(session: Session, either_id: str) -> Payment:
    """The payment of this id, or the one that paid the order of this id."""
    either_id = either_id.replace("\0", "")
    payment = locked(session, Payment, either_id)
    if payment is None and is_uuid(either_id):
        paid = (Payment.purchase_id == either_id, Payment.status == "succeeded")
        found = session.scalars(select(Payment.id).where(*paid)).all()
        if len(found) > 1:
            ids = ", ".join(sorted(found))
            raise NothingToRefund(f"This purchase was paid more than once; choose one: {ids}.")
        payment = locked(session, Payment, found[0]) if found else None
        if payment is None and session.get(Purchase, either_id) is not None:
            raise NothingToRefund("This purchase was not paid; there is nothing to refund.")
    if payment is None:
        raise PaymentNotFound("There is no such payment, nor such a purchase.")
    if payment.status != "succeeded":
        raise NothingToRefund(f"This payment is {payment.status}; there is nothing to refund.")
    return payment


def _standing(session: Session, payment_id: str, key: str | None) -> RefundRequest | None:
    of_payment = select(RefundRequest).where(RefundRequest.payment_id == payment_id)
    if key is not None:
        same = session.scalar(of_payment.where(RefundRequest.idempotency_key == key))
        if same is not None:
            return same
    return session.scalar(of_payment.where(RefundRequest.status.in_(OPEN)))


def _check_same(found: RefundRequest, decision: Decision, dollars: int | None) -> None:
    """Refuse to take an earlier request that was found for what is asked for now."""
    key = decision.stored_key
    if found.amount != _amount(_payment(found), dollars) or key not in (
        None,
        found.idempotency_key,
    ):
        raise NothingToRefund(
            f"An earlier request was found: it became refund {found.refund_id}."
            " Nothing was asked now; ask again if more is to go back."
        )


def _amount(payment: Payment, dollars: int | None) -> int | None:
    """The minor units, tax included, that so many dollars of a payment's price are."""
    if dollars is None:
        return None
    price = _price_in_dollars(payment)
    if payment.total is None or price is None:
        raise NothingToRefund(
            "It is not known what this payment was for; it can only be refunded as a whole."
        )
    if dollars > price:
        raise NothingToRefund(f"This payment was for ${price}.")
    return (2 * payment.total * dollars + price) // (2 * price)


def _price_in_dollars(payment: Payment) -> int | None:
    """What was ordered; for another sum in US dollars, what was paid without its tax."""
    of_order = select(Purchase.dollars).where(Purchase.id == payment.purchase_id)
    ordered = db.session.scalar(of_order) if payment.purchase_id else None
    if payment.currency != "USD" or payment.total is None:
        return ordered
    net = payment.total - (payment.tax or 0)
    if ordered is not None and 100 * ordered in (net, payment.total):
        return ordered
    return net // 100 if net >= 100 and net % 100 == 0 else None


def _ask(dodo: DodoClient, request: RefundRequest, reason: str) -> RefundRequest:
    deadline = time.monotonic() + DODO_SECONDS
    payment = _payment(request)
    end_reads()
    try:
        items = None
        if request.amount is not None:
            items = [_item(dodo, payment.id, request.amount, deadline)]
    except DodoFailed as failure:
        _close(request.id, "refused", error=failure.detail)
        raise RefundRefused("NOT_SENT", failure.detail) from failure
    if now() - request.created_at > TOO_LATE:
        _close(request.id, "refused", error="it was never sent")
        raise RefundRefused("NOT_SENT", "too much time had passed before it could be sent")
    try:
        made = dodo.create_refund(
            payment.id,
            items=items,
            currency=None if items is None else payment.currency,
            reason=reason,
            metadata={"request": request.id},
            deadline=deadline,
        )
    except RefundRefused as refusal:
        _close(request.id, "refused", error=str(refusal))
        raise
    except RefundUnknown as lost:
        _close(request.id, "unknown", error=lost.detail)
        raise
    try:
        return _close(request.id, "taken", made)
    except (TryAgainLater, OutcomeUnknown) as error:  # whose words are about our database alone
        raise RefundUnknown(
            f"it made {made['refund_id']}, which could not be noted here"
        ) from error


def _item(dodo: DodoClient, payment_id: str, amount: int, deadline: float) -> dict[str, Any]:
    """The part of a payment to refund; what we sell has one line."""
    lines = dodo.line_items(payment_id, deadline=deadline).get("items")
    item = lines[0] if isinstance(lines, list) and len(lines) == 1 else None
    if not isinstance(item, dict) or not isinstance(item.get("items_id"), str):
        raise DodoFailed("it does not say what the payment's one line is")
    return {"item_id": item["items_id"], "amount": amount, "tax_inclusive": True}


def _found(dodo: DodoClient, request: RefundRequest) -> dict[str, Any] | None:
    """The refund that a request became: it carries the request's id, or can be no other.

    Dodo may lose our metadata; one of this amount that was made since is taken to be it, since to
    refund twice is worse than to ask once too seldom.
    """
    deadline = time.monotonic() + DODO_SECONDS
    end_reads()
    for listed in objects(dodo.payment(request.payment_id, deadline=deadline).data, "refunds"):
        refund_id = text(listed, "refund_id")
        made = dodo.refund(refund_id, deadline=deadline).data | {"refund_id": refund_id}
        metadata = made.get("metadata")
        asked_as = metadata.get("request") if isinstance(metadata, dict) else None
        if asked_as == request.id:
            return made
        if asked_as is None and _may_be(made, request) and not _is_anothers(refund_id):
            return made
    return None


def _may_be(made: dict[str, Any], request: RefundRequest) -> bool:
    if request.amount is not None and made.get("amount") != request.amount:
        return False
    try:
        made_at = datetime.fromisoformat(str(made.get("created_at")))
        return made_at >= request.created_at - SURELY_OVER
    except (ValueError, TypeError):
        return True


def _is_anothers(refund_id: str) -> bool:
    query = select(RefundRequest.id).where(RefundRequest.refund_id == refund_id)
    return db.session.scalar(query.limit(1)) is not None


def _payment(request: RefundRequest) -> Payment:
    return db.session.get_one(Payment, request.payment_id)


@retried
def _close(
    request_id: str, status: str, made: dict[str, Any] | None = None, *, error: str | None = None
) -> RefundRequest:
    """Write down what became of a request; one that was refused gives its key back."""
    before = (*OPEN, "refused") if status == "taken" else OPEN  # what was made was not refused
    values: dict[str, Any] = {"status": status, "error": error and error[:500], "updated_at": now()}
    if status == "refused":
        values["idempotency_key"] = None
    if made is not None:
        values["refund_id"] = str(made.get("refund_id"))[:255]
        values["refund_status"] = str(made.get("status"))[:40]
    with transaction() as session:
        session.execute(
            update(RefundRequest)
            .where(RefundRequest.id == request_id, RefundRequest.status.in_(before))
            .values(values)
        )
        return session.get_one(RefundRequest, request_id, populate_existing=True)
