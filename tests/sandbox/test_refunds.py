"""Refunds that take time, fail, or come in another currency."""

import pytest
from dodopayments import BadRequestError

from .conftest import PRODUCT, Sandbox


def euros(sandbox: Sandbox, quantity: int = 50) -> str:
    """A payment in euros."""
    path = f"sessions/{sandbox.checkout(quantity)}/pay"
    return sandbox.control(path, currency="EUR").json()["payment_id"]


@pytest.mark.parametrize("decision", ["succeeded", "failed"])
def test_a_pending_refund_has_no_webhook_until_it_is_decided(
    sandbox: Sandbox, decision: str
) -> None:
    payment_id = sandbox.paid()
    refund = sandbox.control(f"payments/{payment_id}/refund", amount=200, status="pending").json()
    payment = sandbox.sdk.payments.retrieve(payment_id)
    assert (payment.refund_status, payment.refunds[0].status) == (None, "pending")
    path = f"refunds/{refund['refund_id']}/decide"
    assert sandbox.control(path, status="review").json()["status"] == "review"
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded"]
    assert f'action="/sandbox/{path}"' in sandbox.browser.get("/sandbox/").text
    answer = sandbox.browser.post(f"/sandbox/{path}", data={"status": decision})
    assert answer.headers["Location"] == f"/sandbox/#{payment_id}"
    sandbox.deliver()
    assert sandbox.receiver.types[1:] == [f"refund.{decision}"]
    assert sandbox.receiver.bodies[1]["data"]["status"] == decision
    status = sandbox.sdk.payments.retrieve(payment_id).refund_status
    assert status == ("partial" if decision == "succeeded" else None)
    assert sandbox.control(path, status="failed").status_code == 409


def test_what_is_pending_cannot_be_refunded_twice(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    pending = sandbox.control(f"payments/{payment_id}/refund", amount=300, status="pending").json()
    with pytest.raises(BadRequestError, match="EXISTING_REFUND_REQUEST_PROCESSING"):
        sandbox.sdk.refunds.create(payment_id=payment_id)
    part = [{"item_id": PRODUCT, "amount": 201}]
    with pytest.raises(BadRequestError, match="REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT"):
        sandbox.sdk.refunds.create(payment_id=payment_id, items=part)
    sandbox.control(f"refunds/{pending['refund_id']}/decide", status="failed")
    assert sandbox.sdk.refunds.create(payment_id=payment_id).amount == 500


def test_refunds_that_the_shop_asks_for_begin_as_pending(sandbox: Sandbox) -> None:
    sandbox.control("refunds/mode", status="pending")
    assert "Refunds begin as pending" in sandbox.browser.get("/sandbox/").text
    payment_id = sandbox.paid()
    made = sandbox.sdk.refunds.create(payment_id=payment_id, metadata={"order": "7"})
    assert (made.status, made.metadata) == ("pending", {"order": "7"})
    with pytest.raises(BadRequestError, match="EXISTING_REFUND_REQUEST_PROCESSING"):
        sandbox.sdk.refunds.create(payment_id=payment_id)
    sandbox.control(f"refunds/{made.refund_id}/decide", status="succeeded")
    assert sandbox.sdk.refunds.retrieve(made.refund_id).metadata == {"order": "7"}
    sandbox.control("reset")
    assert sandbox.sdk.refunds.create(payment_id=sandbox.paid()).status == "succeeded"


def test_a_failed_refund_is_told(sandbox: Sandbox) -> None:
    sandbox.control(f"payments/{sandbox.paid()}/refund", status="failed")
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded", "refund.failed"]


def test_a_payment_in_euros_is_refunded_in_euros_or_dollars(sandbox: Sandbox) -> None:
    payment_id = euros(sandbox)
    part = [{"item_id": PRODUCT, "amount": 1000}]
    dollars = sandbox.sdk.refunds.create(payment_id=payment_id, items=part)
    assert (dollars.amount, dollars.currency) == (1000, "USD")
    local = sandbox.sdk.refunds.create(payment_id=payment_id, items=part, currency="EUR")
    assert (local.amount, local.currency) == (1000, "EUR")
    rest = sandbox.sdk.refunds.create(payment_id=payment_id)
    assert (rest.amount, rest.currency) == (4738 - 948 - 1000, "EUR")
    assert sandbox.sdk.payments.retrieve(payment_id).refund_status == "full"


def test_all_of_it_in_dollars_is_the_whole_payment(sandbox: Sandbox) -> None:
    payment_id = euros(sandbox)
    path = f"payments/{payment_id}/refund"
    assert sandbox.control(path, amount=5001, currency="USD").status_code == 400
    whole = sandbox.control(path, currency="USD").json()
    assert (whole["amount"], whole["is_partial"]) == (5000, False)
    assert sandbox.sdk.payments.retrieve(payment_id).refund_status == "full"


def test_a_payment_in_dollars_is_refunded_in_yen(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    yen = sandbox.control(f"payments/{payment_id}/refund", currency="JPY").json()
    assert (yen["amount"], yen["currency"], yen["is_partial"]) == (757, "JPY", False)


def test_nothing_paid_is_nothing_to_refund(sandbox: Sandbox) -> None:
    answer = sandbox.control(f"sessions/{sandbox.checkout()}/pay", discount=100).json()
    refused = sandbox.control(f"payments/{answer['payment_id']}/refund")
    assert refused.json()["code"] == "ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED"


def test_a_wrong_decision_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.control("refunds/ref_x/decide", status="failed").status_code == 404
    assert sandbox.control("refunds/ref_x/decide", status="lost").status_code == 422
    assert sandbox.control("refunds/mode", status="lost").status_code == 422
    path = f"payments/{sandbox.paid()}/refund"
    assert sandbox.control(path, status="lost").status_code == 422
    assert sandbox.control(path, currency="XXX").status_code == 422
