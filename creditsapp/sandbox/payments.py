"""Payments: an attempt to pay a session, and payments that settle later."""

import time
from dataclasses import dataclass
from decimal import Decimal

from flask import url_for

from creditsapp.sandbox import catalogue, customers, outbox, sessions
from creditsapp.sandbox.cards import ERROR_MESSAGES, Card
from creditsapp.sandbox.context import Sandbox, current
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Transaction
from creditsapp.sandbox.times import iso

SETTLE_SECONDS = 3


@dataclass(frozen=True)
class Attempt:
    """What the buyer filled in, checked."""

    card: Card
    expiry: tuple[str, str]
    holder: str
    email: str
    tax_rate: Decimal = Decimal(0)
    processing: bool = False
    without_webhook: bool = False


class SessionExpired(Exception):
    """It is too late to pay this session."""


def pay(sandbox: Sandbox, session_id: str, attempt: Attempt) -> Document:
    """Charge a card and return the payment; a session that is paid already keeps its own."""
    with sandbox.store.transaction() as tx:
        session = tx.get("session", session_id)
        assert session is not None
        # Looked at inside the write transaction, so that a double submit pays once.
        if sessions.is_consumed(session):
            paid = tx.get("payment", session["payment_id"])
            assert paid is not None
            return paid
        if sessions.is_expired(session):
            raise SessionExpired
        if session["customer_id"] is None:
            buyer = customers.attach(tx, email=attempt.email, name=attempt.holder)
            session["customer_id"] = buyer["customer_id"]
        payment = _payment(session, attempt)
        tx.add("payment", payment["payment_id"], payment)
        if payment["status"] == "processing":
            due = time.time() + SETTLE_SECONDS / sandbox.clock
            tx.save(payment["payment_id"], payment, due=due)
        session.update(payment_id=payment["payment_id"], payment_status=payment["status"])
        tx.save(session_id, session)
        announce(tx, payment)
    return payment


def settle_due(sandbox: Sandbox) -> None:
    """Let the payments succeed whose time has come."""
    with sandbox.store.reading() as tx:
        if not tx.due(time.time()):
            return
    with sandbox.store.transaction() as tx:
        for payment in tx.due(time.time()):
            payment.update(status="succeeded", updated_at=iso())
            tx.save(payment["payment_id"], payment)
            session = tx.get("session", payment["session_id"])
            assert session is not None
            tx.save(session["session_id"], {**session, "payment_status": "succeeded"})
            announce(tx, payment)


def settle_due_in_request() -> None:
    """Before each request: what is looked at is never behind its time."""
    settle_due(current())


def announce(tx: Transaction, payment: Document) -> None:
    """Plan the webhook for a payment's present status."""
    outbox.add(
        tx,
        f"payment.{payment['status']}",
        resource_id=payment["payment_id"],
        payment_id=payment["payment_id"],
        url=payment["webhook_url"],
        withheld=payment["without_webhook"],
    )


def _payment(session: Document, attempt: Attempt) -> Document:
    payment_id = new_id("pay")
    amounts = sessions.amounts(session["product_cart"], attempt.tax_rate)
    card = attempt.card
    if card.error_code:
        status = "failed"
    else:
        status = "processing" if attempt.processing else "succeeded"
    return {
        "payment_id": payment_id,
        "session_id": session["session_id"],
        "customer_id": session["customer_id"],
        "product_id": session["product_cart"][0]["product_id"],
        "product_cart": session["product_cart"],
        "status": status,
        "error_code": card.error_code,
        "error_message": ERROR_MESSAGES[card.error_code] if card.error_code else None,
        "total_amount": amounts.total,
        "tax": amounts.tax or None,
        "currency": catalogue.CURRENCY,
        "billing": session["billing"],
        "metadata": session["metadata"],
        "card": {
            "card_last_four": card.number[-4:],
            "card_network": card.network,
            "card_type": "credit",
            "card_issuing_country": card.country,
            "card_holder_name": attempt.holder or None,
            "card_exp_month": attempt.expiry[0],
            "card_exp_year": attempt.expiry[1],
        },
        "payment_link": url_for(
            "checkout.session_page", session_id=session["session_id"], _external=True
        ),
        "invoice_id": new_id("inv"),
        "invoice_url": url_for("api.invoice", payment_id=payment_id, _external=True),
        "webhook_url": session["webhook_url"],
        "without_webhook": attempt.without_webhook,
        "created_at": iso(),
        "updated_at": None,
    }
