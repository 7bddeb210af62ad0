"""Reports that say less than older ones, and what a payment's own body says of its refunds."""

import pytest

from creditsapp.extensions import db
from creditsapp.models import Payment, PaymentDispute, PaymentRefund
from creditsapp.services import ledger
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
)

pytestmark = pytest.mark.usefixtures("context")

LONG_AGO = {"timestamp": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def user():
    return make_user(0)


@pytest.fixture
def order(user):
    return make_purchase(user)


def balance(user):
    return ledger.balance(user).balance


def stored(table, row_id):
    return db.session.get(table, row_id, populate_existing=True)


@pytest.mark.parametrize("missing", [("amount",), ("amount", "currency", "is_partial")])
def test_a_refunds_newer_report_that_says_less_takes_nothing_of_it_back(user, order, missing):
    settle(payment_event(order))
    settle(refund_event(amount=200))
    assert settle(refund_event(**dict.fromkeys(missing))) == "refund_processed"
    assert balance(user) == 60
    refund = stored(PaymentRefund, "ref_1")
    assert (refund.amount, refund.currency, refund.is_partial) == (200, "USD", True)


def test_a_whole_refund_stays_whole_when_a_newer_report_does_not_say_so(user, order):
    settle(payment_event(order))
    settle(refund_event(amount=500, partial=False))
    settle(refund_event(amount=None, currency=None, is_partial=None))
    assert balance(user) == 0


def test_a_disputes_newer_report_keeps_what_it_does_not_name(user, order):
    settle(payment_event(order))
    settle(dispute_event("opened"))
    settle(dispute_event("won", amount=None, currency=None, dispute_stage=None))
    dispute = stored(PaymentDispute, "dp_1")
    assert (dispute.status, dispute.stage) == ("dispute_won", "dispute")
    assert (dispute.amount, dispute.currency) == (500, "USD")
    assert balance(user) == 100


@pytest.mark.parametrize(
    ("refunds", "left"),
    [
        ([refund_event(amount=500, partial=False)], 0),
        ([refund_event(amount=100), refund_event("ref_2", amount=150)], 50),
        ([refund_event(amount=100, status="pending")], 100),
        ([], 100),
    ],
)
def test_the_refunds_in_a_payments_body_are_taken_with_it(user, order, refunds, left):
    settle(payment_event(order, refunds=[refund["data"] for refund in refunds]))
    assert balance(user) == left


@pytest.mark.parametrize(("status", "left"), [("opened", 0), ("lost", 0), ("won", 100)])
def test_the_disputes_in_a_payments_body_are_taken_with_it(user, order, status, left):
    settle(payment_event(order, disputes=[dispute_event(status)["data"]]))
    assert balance(user) == left


@pytest.mark.parametrize("body_comes", ["before", "after"])
@pytest.mark.parametrize("own_report", [{}, LONG_AGO])
def test_a_refunds_own_report_counts_more_than_its_payments_body(
    user, order, body_comes, own_report
):
    listed = refund_event(amount=500, partial=False)["data"]
    events = [payment_event(order, refunds=[listed]), refund_event(status="failed") | own_report]
    for one in events if body_comes == "before" else reversed(events):
        settle(one)
    assert stored(PaymentRefund, "ref_1").status == "failed"
    assert balance(user) == 100


@pytest.mark.parametrize("body_comes", ["before", "after"])
def test_a_disputes_own_report_counts_more_than_its_payments_body(user, order, body_comes):
    listed = dispute_event("opened")["data"]
    events = [payment_event(order, disputes=[listed]), dispute_event("won")]
    for one in events if body_comes == "before" else reversed(events):
        settle(one)
    assert balance(user) == 100


@pytest.mark.parametrize("news", [refund_event, dispute_event])
def test_what_is_of_another_payment_leaves_no_payment_behind(user, order, news):
    settle(payment_event(order))
    settle(news())
    before = balance(user)
    assert settle(news(payment_id="pay_2")) == "review"
    assert stored(Payment, "pay_2") is None
    assert balance(user) == before
