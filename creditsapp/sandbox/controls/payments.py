"""Paying without the checkout page, and ending payments that are processing."""

from typing import Any

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import forms, parsing, payment_shapes, payments, pricing
from creditsapp.sandbox.addresses import webhook_target
from creditsapp.sandbox.attempts import Attempt
from creditsapp.sandbox.checkout import find_session, return_address
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import choice, done, fields, switch
from creditsapp.sandbox.errors import ApiError, invalid
from creditsapp.sandbox.store import Document

BUYER = "buyer@example.com"


@bp.post("/sessions/<session_id>/pay")
def pay(session_id: str) -> ResponseReturnValue:
    """Pay a session with the fields of its page, or with `again` one that is paid already."""
    given = fields()
    session, email = find_session(session_id)
    attempt = _attempt(forms.filled_in(given, email=email or given.get("email", BUYER)))
    try:
        payment = payments.pay(current(), session_id, attempt, again=switch(given, "again"))
    except payments.SessionExpired:
        raise ApiError(410, "CHECKOUT_SESSION_EXPIRED", "This checkout has expired.") from None
    except pricing.TooMuch:
        raise _too_much() from None
    address = session["return_url"] and return_address(
        session["return_url"], payment, attempt.email
    )
    return _paid(payment, return_url=address)


@bp.post("/payments")
def pay_without_session() -> ResponseReturnValue:
    """Pay as with a payment link of Dodo's dashboard, which the shop knows nothing of."""
    given = fields()
    metadata = parsing.json_in("metadata", given.get("metadata", "{}"))
    metadata = parsing.metadata({"metadata": metadata})
    attempt = _attempt(forms.filled_in(given, email=given.get("email", BUYER)))
    try:
        payment = payments.pay_without_session(
            current(), attempt, webhook_url=webhook_target(), metadata=metadata
        )
    except pricing.TooMuch:
        raise _too_much() from None
    return _paid(payment)


@bp.post("/payments/<payment_id>/decide")
def decide(payment_id: str) -> ResponseReturnValue:
    """Let a payment that is processing end with a `status`."""
    status = choice(fields(), "status", payments.DECISIONS, default="")
    return _paid(payments.decide(current(), payment_id, status))


def _attempt(form: forms.PaymentForm) -> Attempt:
    attempt = form.attempt()
    if attempt is None:
        name, message = next(iter(form.errors.items()))
        raise invalid(f"{name}: {message}")
    return attempt


def _too_much() -> ApiError:
    return invalid("The total is too large in this currency.")


def _paid(payment: Document, **more: Any) -> ResponseReturnValue:
    with current().store.reading() as tx:
        shape = payment_shapes.payment(tx, payment)
    outcome = {"payment_id": payment["payment_id"], "status": payment["status"], **more}
    return done({**outcome, "payment": shape}, payment["payment_id"])
