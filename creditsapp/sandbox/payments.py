"""Payments: an attempt to pay a session, and payments that settle later."""

import time
from typing import Any

from flask import url_for

from creditsapp.sandbox import catalogue, customers, outbox, pricing, sessions
from creditsapp.sandbox.attempts import PROCESSING, Attempt
from creditsapp.sandbox.cards import ERROR_MESSAGES
from creditsapp.sandbox.context import BUSINESS_ID, Sandbox, current
from creditsapp.sandbox.errors import ApiError, not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Transaction
from creditsapp.sandbox.times import iso

SETTLE_SECONDS = 3

DECISIONS = {"succeeded": "Succeeded", "failed": "Failed", "cancelled": "Cancelled"}


class SessionExpired(Exception):
    """It is too late to pay this session."""


def pay(sandbox: Sandbox, session_id: str, attempt: Attempt, *, again: bool = False) -> Document:
    """Charge a card and return the payment; a session that is paid already keeps its own.

    With `again` a paid session is charged once more. Raise SessionExpired or pricing.TooMuch.
    """
    with sandbox.store.transaction() as tx:
        session = tx.get("session", session_id)
        if session is None:
            raise not_found("checkout session")
        # Looked at inside the write transaction, so that a double submit pays once.
        is_consumed = sessions.is_consumed(session)
        if is_consumed and not again:
            paid = tx.get("payment", session["payment_id"])
            assert paid is not None
            return paid
        if sessions.is_expired(session):
            raise SessionExpired
        if session["customer_id"] is None:
            buyer = customers.attach(tx, email=attempt.email, name=attempt.holder)
            session["customer_id"] = buyer["customer_id"]
        payment = _charge(tx, sandbox, session, attempt)
        if not is_consumed:
            session.update(payment_id=payment["payment_id"], payment_status=payment["status"])
        tx.save(session_id, session)
    return payment


def pay_without_session(
    sandbox: Sandbox, attempt: Attempt, *, webhook_url: str, metadata: dict[str, Any]
) -> Document:
    """Charge a card as a payment link made in Dodo's dashboard would; raise pricing.TooMuch."""
    with sandbox.store.transaction() as tx:
        buyer = customers.attach(tx, email=attempt.email, name=attempt.holder)
        order = {
            "session_id": None,
            "customer_id": buyer["customer_id"],
            "product_cart": [{"product_id": sandbox.product_id, "quantity": 1}],
            "billing": sessions.billing({}),
            "metadata": metadata,
            "webhook_url": webhook_url,
        }
        return _charge(tx, sandbox, order, attempt)


def decide(sandbox: Sandbox, payment_id: str, status: str) -> Document:
    """End a payment that is processing; raise ApiError."""
    with sandbox.store.transaction() as tx:
        payment = tx.get("payment", payment_id)
        if payment is None:
            raise not_found("payment")
        if payment["status"] != "processing":
            raise ApiError(409, "CONFLICT", "This payment is not processing any more.")
        _settle(tx, payment, status)
    return payment


def settle_due(sandbox: Sandbox) -> None:
    """End the payments whose time has come."""
    with sandbox.store.reading() as tx:
        if not tx.due(time.time()):
            return
    with sandbox.store.transaction() as tx:
        for payment in tx.due(time.time()):
            _settle(tx, payment, payment["becomes"])


def settle_due_in_request() -> None:
    """Before each request: what is looked at is never behind its time."""
    settle_due(current())


def _charge(tx: Transaction, sandbox: Sandbox, order: Document, attempt: Attempt) -> Document:
    payment = _payment(order, attempt, catalogue.unit_price(tx))
    tx.add("payment", payment["payment_id"], payment)
    if payment["becomes"]:
        due = time.time() + SETTLE_SECONDS / sandbox.clock
        tx.save(payment["payment_id"], payment, due=due)
    _announce(tx, payment)
    return payment


def _settle(tx: Transaction, payment: Document, status: str) -> None:
    payment.update(status=status, becomes=None, updated_at=iso())
    if status == "failed":
        payment.update(error_code="GENERIC_DECLINE", error_message=_declined("GENERIC_DECLINE"))
    tx.save(payment["payment_id"], payment)
    session = tx.get("session", payment["session_id"])
    if session is not None and session["payment_id"] == payment["payment_id"]:
        tx.save(session["session_id"], {**session, "payment_status": status})
    _announce(tx, payment)


def _announce(tx: Transaction, payment: Document) -> None:
    """Plan the webhook for a payment's present status."""
    outbox.add(
        tx,
        f"payment.{payment['status']}",
        resource_id=payment["payment_id"],
        payment_id=payment["payment_id"],
        url=payment["webhook_url"],
        withheld=payment["without_webhook"],
    )


def _payment(order: Document, attempt: Attempt, unit_price: int) -> Document:
    payment_id, session_id = new_id("pay"), order["session_id"]
    cart = attempt.cart(order["product_cart"])
    paid = pricing.price(cart, unit_price, attempt.choices)
    settled = pricing.settlement(cart, unit_price, attempt.choices)
    status = attempt.status
    card = attempt.card
    return {
        "payment_id": payment_id,
        "session_id": session_id,
        "business_id": attempt.business_id or BUSINESS_ID,
        "customer_id": order["customer_id"],
        "product_id": cart[0]["product_id"],
        "product_cart": cart,
        "status": status,
        "becomes": PROCESSING[attempt.outcome] if status == "processing" else None,
        "error_code": attempt.error_code,
        "error_message": _declined(attempt.error_code),
        "total_amount": paid.total,
        "tax": paid.tax or None,
        "currency": paid.currency,
        "settlement_amount": settled.total,
        "settlement_tax": settled.tax or None,
        "settlement_currency": settled.currency,
        "discount_rate": str(attempt.choices.discount_rate),
        "billing": order["billing"],
        "metadata": order["metadata"],
        "card": {
            "card_last_four": card.number[-4:],
            "card_network": card.network,
            "card_type": "credit",
            "card_issuing_country": card.country,
            "card_holder_name": attempt.holder or None,
            "card_exp_month": attempt.expiry[0],
            "card_exp_year": attempt.expiry[1],
        },
        "payment_link": session_id
        and url_for("checkout.session_page", session_id=session_id, _external=True),
        "invoice_id": new_id("inv"),
        "invoice_url": url_for("api.invoice", payment_id=payment_id, _external=True),
        "webhook_url": order["webhook_url"],
        "without_webhook": attempt.without_webhook,
        "created_at": iso(),
        "updated_at": None,
    }


def _declined(error_code: str | None) -> str | None:
    return ERROR_MESSAGES[error_code] if error_code else None
