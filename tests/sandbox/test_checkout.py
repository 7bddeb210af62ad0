"""Paying on the hosted checkout page."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from creditsapp.sandbox import payments

from .conftest import Sandbox


def test_a_good_card_pays_and_returns_with_the_outcome(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout(metadata={"order": "7"})
    answer = sandbox.pay(session_id)
    assert answer.status_code == 303
    payment_id = sandbox.sdk.checkout_sessions.retrieve(session_id).payment_id
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {
        "purchase": ["7"],
        "payment_id": [payment_id],
        "status": ["succeeded"],
        "email": ["ann@example.com"],
    }
    payment = sandbox.sdk.payments.retrieve(payment_id)
    assert (payment.total_amount, payment.tax, payment.metadata) == (500, None, {"order": "7"})
    assert payment.checkout_session_id == session_id
    assert [line.quantity for line in payment.product_cart] == [5]
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded"]


@pytest.mark.parametrize(
    ("number", "code"),
    [("4000 0000 0000 0002", "GENERIC_DECLINE"), ("4000000000009995", "INSUFFICIENT_FUNDS")],
)
def test_a_declined_card_leaves_the_session_payable(
    sandbox: Sandbox, number: str, code: str
) -> None:
    session_id = sandbox.checkout()
    answer = sandbox.pay(session_id, number)
    assert answer.status_code == 402
    assert "Nothing was charged" in answer.text
    failed = sandbox.sdk.checkout_sessions.retrieve(session_id)
    assert sandbox.sdk.payments.retrieve(failed.payment_id).error_code == code
    assert sandbox.pay(session_id).status_code == 303
    assert sandbox.sdk.checkout_sessions.retrieve(session_id).payment_status == "succeeded"
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.failed", "payment.succeeded"]


def test_a_double_submit_makes_one_payment(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.pay(session_id), range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(sandbox.sdk.payments.list().items) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "4111 1111 1111 1111"},
        {"number": ""},
        {"expiry": "12/20"},
        {"expiry": "13/34"},
        {"cvc": "12"},
        {"tax_rate": "lots"},
        {"tax_rate": "nan"},
    ],
)
def test_a_wrong_field_is_marked_and_nothing_is_charged(
    sandbox: Sandbox, fields: dict[str, str]
) -> None:
    session_id = sandbox.checkout()
    answer = sandbox.pay(session_id, **fields)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 1
    assert sandbox.sdk.payments.list().items == []


def test_a_consumed_session_has_its_own_page(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    sandbox.pay(session_id)
    answer = sandbox.browser.get(f"/session/{session_id}")
    assert answer.status_code == 410
    assert "complete" in answer.text


def test_an_expired_session_cannot_be_paid(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    with sandbox.app.extensions["sandbox"].store.transaction() as tx:
        session = tx.get("session", session_id)
        tx.save(session_id, {**session, "expires_at": session["expires_at"] - 24 * 3600})
    for answer in (sandbox.browser.get(f"/session/{session_id}"), sandbox.pay(session_id)):
        assert answer.status_code == 410
        assert "expired" in answer.text
    assert sandbox.sdk.payments.list().items == []


def test_the_page_shows_the_order_and_the_way_back(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout(cancel_url="http://other.test/cancel?a=1&b=2")
    answer = sandbox.browser.get(f"/session/{session_id}")
    assert "Pay $5.00" in answer.text
    assert "no real money" in answer.text
    assert 'href="http://other.test/cancel?a=1&amp;b=2"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' http://shop.test http://other.test")
    assert "Cancel and go back" not in sandbox.browser.get(f"/session/{sandbox.checkout()}").text


def test_a_buyer_without_a_customer_types_an_address(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout(customer=None, return_url=None)
    assert sandbox.pay(session_id).status_code == 422
    answer = sandbox.pay(session_id, email="bob@example.com")
    assert answer.status_code == 200
    assert "complete" in answer.text
    status = sandbox.sdk.checkout_sessions.retrieve(session_id)
    assert status.customer_email == "bob@example.com"


def test_a_tax_is_shown_and_added_on_top(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    answer = sandbox.pay(session_id, tax_rate="20", update="1")
    assert (answer.status_code, "Pay $6.00" in answer.text) == (200, True)
    sandbox.pay(session_id, tax_rate="20")
    [payment] = sandbox.sdk.payments.list().items
    assert payment.total_amount == 600


def test_a_processing_payment_has_succeeded_when_it_is_looked_at_later(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    sandbox.pay(session_id, outcome="processing")
    time.sleep(payments.SETTLE_SECONDS / 50)
    assert sandbox.sdk.checkout_sessions.retrieve(session_id).payment_status == "succeeded"
    [payment] = sandbox.sdk.payments.list().items
    assert payment.status == "succeeded"
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.processing", "payment.succeeded"]


def test_an_unknown_session_is_a_page_not_json(sandbox: Sandbox) -> None:
    answer = sandbox.browser.get("/session/cks_nothing")
    assert (answer.status_code, answer.headers["X-Dodo-Sandbox"]) == (404, "1")
    assert answer.headers["Content-Type"].startswith("text/html")
