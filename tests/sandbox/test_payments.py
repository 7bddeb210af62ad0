"""Payments by control: outcomes, a session paid twice, payments without a session."""

import sqlite3
import time
from pathlib import Path

import pytest

from creditsapp.sandbox import payments
from creditsapp.sandbox.store import Store

from .conftest import PRODUCT, Sandbox


def test_a_session_is_paid_without_its_page(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout(metadata={"order": "7"})
    answer = sandbox.control(f"sessions/{session_id}/pay").json()
    assert (answer["status"], answer["payment"]["metadata"]) == ("succeeded", {"order": "7"})
    assert answer["return_url"].startswith("http://shop.test/return?purchase=7&payment_id=pay_")
    assert sandbox.control(f"sessions/{session_id}/pay").json() == answer
    assert len(sandbox.sdk.payments.list().items) == 1


@pytest.mark.parametrize(
    ("outcome", "status", "event"),
    [
        ("declined", "failed", "payment.failed"),
        ("cancelled", "cancelled", "payment.cancelled"),
    ],
)
def test_an_unpaid_session_stays_payable(
    sandbox: Sandbox, outcome: str, status: str, event: str
) -> None:
    session_id = sandbox.checkout()
    assert sandbox.control(f"sessions/{session_id}/pay", outcome=outcome).json()["status"] == status
    assert sandbox.sdk.checkout_sessions.retrieve(session_id).payment_status == status
    assert sandbox.control(f"sessions/{session_id}/pay").json()["status"] == "succeeded"
    sandbox.deliver()
    assert sandbox.receiver.types == [event, "payment.succeeded"]


def test_a_cancelled_buyer_returns_to_the_shop(sandbox: Sandbox) -> None:
    answer = sandbox.pay(sandbox.checkout(), outcome="cancelled")
    assert (answer.status_code, "status=cancelled" in answer.headers["Location"]) == (303, True)


def test_processing_fails_after_a_while_and_can_be_paid_again(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    failed = sandbox.control(f"sessions/{session_id}/pay", outcome="processing_then_failed").json()
    assert failed["status"] == "processing"
    time.sleep(payments.SETTLE_SECONDS / 50)
    payment = sandbox.sdk.payments.retrieve(failed["payment_id"])
    assert (payment.status, payment.error_code) == ("failed", "GENERIC_DECLINE")
    assert sandbox.pay(session_id).status_code == 303
    assert sandbox.sdk.checkout_sessions.retrieve(session_id).payment_status == "succeeded"


@pytest.mark.parametrize("status", list(payments.DECISIONS))
def test_processing_waits_for_a_decision(sandbox: Sandbox, status: str) -> None:
    session_id = sandbox.checkout()
    path = f"sessions/{session_id}/pay"
    payment_id = sandbox.control(path, outcome="processing_until_decided").json()["payment_id"]
    time.sleep(payments.SETTLE_SECONDS / 50)
    assert sandbox.sdk.payments.retrieve(payment_id).status == "processing"
    assert (
        f'action="/sandbox/payments/{payment_id}/decide"' in sandbox.browser.get("/sandbox/").text
    )
    assert (
        sandbox.control(f"payments/{payment_id}/decide", status=status).json()["status"] == status
    )
    assert sandbox.control(f"payments/{payment_id}/decide", status=status).status_code == 409
    assert sandbox.sdk.checkout_sessions.retrieve(session_id).payment_status == status
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.processing", f"payment.{status}"]


def test_a_session_is_really_paid_twice(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    first = sandbox.control(f"sessions/{session_id}/pay").json()["payment_id"]
    second = sandbox.control(f"sessions/{session_id}/pay", again=True).json()["payment_id"]
    found = sandbox.sdk.payments.list().items
    assert [each.payment_id for each in found] == [second, first]
    assert {each.checkout_session_id for each in found} == {session_id}
    assert sandbox.sdk.checkout_sessions.retrieve(session_id).payment_id == first
    answer = sandbox.browser.post(f"/sandbox/sessions/{session_id}/pay", data={"again": "1"})
    assert answer.headers["Location"].startswith("/sandbox/#pay_")
    assert len(sandbox.sdk.payments.list().items) == 3
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded"] * 3


def test_a_payment_link_pays_without_a_session(sandbox: Sandbox) -> None:
    made = sandbox.control("payments", quantity=3, email="bob@example.com").json()
    payment = sandbox.sdk.payments.retrieve(made["payment_id"])
    assert (payment.checkout_session_id, payment.metadata) == (None, {})
    assert (payment.total_amount, payment.customer.email) == (300, "bob@example.com")
    assert payment.product_cart[0].product_id == PRODUCT
    other = sandbox.control("payments", metadata={"user_id": "1"}, tax_rate=20).json()["payment"]
    assert (other["metadata"], other["total_amount"]) == ({"user_id": "1"}, 120)
    assert sandbox.control("payments", metadata=[1]).status_code == 422
    assert "without a checkout" in sandbox.browser.get("/sandbox/").text
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded"] * 2


def test_a_payment_link_can_be_refunded(sandbox: Sandbox) -> None:
    payment_id = sandbox.control("payments").json()["payment_id"]
    assert sandbox.sdk.refunds.create(payment_id=payment_id).amount == 100


def test_what_does_not_exist_cannot_be_paid(sandbox: Sandbox) -> None:
    assert sandbox.control("sessions/cks_x/pay").status_code == 404
    assert sandbox.control("payments/pay_x/decide", status="failed").status_code == 404


def test_an_expired_session_is_not_paid(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    with sandbox.app.extensions["sandbox"].store.transaction() as tx:
        tx.save(session_id, {**tx.get("session", session_id), "expires_at": 0})
    assert sandbox.control(f"sessions/{session_id}/pay").status_code == 410


def test_what_another_version_stored_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE documents (id TEXT, body TEXT)")
        old.execute("INSERT INTO documents VALUES ('pay_1', '{}')")
    for _ in range(2):
        store = Store(path)
        with store.transaction() as tx:
            if tx.get("payment", "pay_2") is None:
                tx.add("payment", "pay_2", {})
        with store.reading() as tx:
            assert tx.find("payment") == [{}]
