"""Payments that give no credits and that nobody has to look at any more."""

import pytest

from creditsapp.services import purchases
from tests.builders import make_purchase, make_user, payment_event, refund_event, settle
from tests.test_reviews import balance, listed, waiting


@pytest.fixture
def order(context):
    return make_purchase(make_user(0, email="a@example.com"))


def stray(order, **changes):
    return payment_event(order, checkout_session_id=None, metadata={}, **changes)


def test_a_payment_of_no_order_is_dismissed_and_stays_so(flask, order):
    settle(stray(order))
    answer = flask("credits", "reject", "pay_1", "--reason", "another shop's")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert listed(flask, "--status", "recorded") == []
    assert [row["paymentId"] for row in listed(flask, "--status", "rejected")] == ["pay_1"]
    assert settle(stray(order)) == "recorded"
    assert listed(flask, "--status", "recorded") == []


def test_a_payment_of_no_order_that_went_back_needs_nobody(flask, order):
    settle(stray(order))
    settle(refund_event(amount=500, partial=False))
    assert listed(flask, "--status", "recorded") == []
    settle(refund_event(amount=500, partial=False, status="failed"))
    assert [row["paymentId"] for row in listed(flask, "--status", "recorded")] == ["pay_1"]


def test_a_second_payment_that_was_rejected_is_still_listed(flask, order):
    settle(payment_event(order))
    settle(payment_event(order, payment_id="pay_2"))
    flask("credits", "reject", "pay_2", "--reason", "a double click")
    assert waiting(flask) == []
    (row,) = listed(flask, "--status", "rejected")
    assert (row["purchaseId"], row["paymentId"]) == (order.id, "pay_2")
    assert balance(order.user_id) == 100


def test_the_list_for_people_says_when_and_what_was_paid(flask, order):
    settle(payment_event(order, total_amount=300))
    (line,) = flask("credits", "purchases", "--status", "review").stdout.splitlines()
    assert line.startswith(f"{order.created_at:%Y-%m-%d %H:%M}  review ")
    assert "a@example.com  $5 for 100 credits  succeeded $3.00  300 cents" in line


def test_a_person_decides_for_one_payment_and_never_for_the_order(flask, order):
    settle(payment_event(order, total_amount=250, discount_id="dsc_1"))
    flask("credits", "approve", "pay_1", "--credits", "50", "--reason", "half")
    assert purchases.credits_given(order) == 50
    settle(payment_event(order, payment_id="pay_2"))
    flask("credits", "approve", "pay_2", "--reason", "they want more")
    assert purchases.credits_given(order) == balance(order.user_id) == 150
