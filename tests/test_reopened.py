"""What was closed: what brings it back to a person, and what does not."""

from decimal import Decimal

import pytest

from creditsapp.services import ledger, purchases
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
)
from tests.test_reviews import waiting

INCOMPARABLE = "a refund in a currency that cannot be compared"


@pytest.fixture
def user(context):
    return make_user(0, email="a@example.com")


@pytest.fixture
def order(user):
    return make_purchase(user)


@pytest.fixture
def decide(flask):
    def run(*words):
        return flask("credits", *words, "--reason", "x")

    return run


def balance(user):
    return ledger.balance(user).balance


def reasons(flask):
    return [row["reason"] for row in waiting(flask)]


@pytest.mark.parametrize("command", ["approve", "attach"])
def test_a_refund_that_could_not_be_compared_waits_on_after_the_credits(
    flask, decide, user, order, command
):
    stray = {"checkout_session_id": None, "metadata": {}}
    settle(payment_event(order, **({"total_amount": 499} if command == "approve" else stray)))
    settle(refund_event(amount=3, currency="KWD"))
    words = ("approve", "pay_1") if command == "approve" else ("attach", "pay_1", order.id)
    assert decide(*words).exit_code == 0
    assert balance(user) == 100
    assert purchases.find(user, order.id).status == "paid"
    assert reasons(flask) == [INCOMPARABLE]
    assert decide("approve", "pay_1").exit_code == 0
    assert (reasons(flask), balance(user)) == ([], 100)


def test_a_payment_given_to_a_person_waits_on_with_a_refund_that_cannot_be_compared(
    flask, decide, user, order
):
    settle(payment_event(order, checkout_session_id=None, metadata={}))
    settle(refund_event(amount=3, currency="KWD"))
    assert decide("attach", "pay_1", "a@example.com").exit_code == 0
    assert (reasons(flask), balance(user)) == ([INCOMPARABLE], 100)


@pytest.mark.parametrize(
    ("event", "answer", "left"),
    [
        (refund_event("ref_2", amount=100), "refund_processed", 80),
        (refund_event("ref_2", amount=100, status="failed"), "refund_processed", 100),
        (dispute_event("opened"), "dispute_processed", 0),
        (dispute_event("won"), "dispute_processed", 100),
    ],
)
def test_what_was_closed_is_not_brought_back_by_what_can_be_compared(
    flask, decide, user, order, event, answer, left
):
    settle(payment_event(order))
    settle(refund_event(amount=3, currency="KWD"))
    assert decide("approve", "pay_1").exit_code == 0
    assert settle(event) == answer
    assert (reasons(flask), balance(user)) == ([], left)
    again = decide("approve", "pay_1")
    assert (again.exit_code, again.stderr) == (1, "Error: This payment was approved before.\n")


def test_what_was_closed_comes_back_when_its_refund_changes(flask, decide, user, order):
    settle(payment_event(order))
    settle(refund_event(amount=3, currency="KWD"))
    assert decide("approve", "pay_1").exit_code == 0
    assert settle(refund_event(amount=4, currency="KWD")) == "review"
    assert reasons(flask) == [INCOMPARABLE]


@pytest.fixture
def gone_back(flask, user, order):
    """A payment that nobody has to decide about, since all of it went back."""
    settle(payment_event(order, total_amount=499))
    settle(refund_event(amount=499))
    assert waiting(flask) == []
    return order


def test_a_payment_whose_refund_fails_after_all_waits_for_a_person_again(
    flask, decide, user, gone_back
):
    settle(refund_event(amount=499, status="failed"))
    assert purchases.find(user, gone_back.id).status == "review"
    assert reasons(flask) == ["499 cents with 0 of tax were paid, not 500"]
    assert decide("approve", gone_back.id).exit_code == 0
    assert purchases.find(user, gone_back.id).status == "paid"
    assert (waiting(flask), balance(user)) == ([], 100)


def test_a_payment_whose_refund_fails_after_all_can_be_rejected(flask, decide, user, gone_back):
    settle(refund_event(amount=499, status="failed"))
    assert decide("reject", "pay_1").exit_code == 0
    assert purchases.find(user, gone_back.id).status == "rejected"
    assert (waiting(flask), balance(user)) == ([], 0)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_persons_decision_stands_when_a_refund_fails(flask, decide, user, order, decision):
    settle(payment_event(order, total_amount=499))
    settle(refund_event(amount=400))
    assert decide(decision, "pay_1").exit_code == 0
    settle(refund_event(amount=400, status="failed"))
    assert waiting(flask) == []
    assert balance(user) == (100 if decision == "approve" else 0)


@pytest.mark.parametrize(("partial", "left"), [(True, Decimal("0.2")), (False, Decimal(0))])
def test_a_right_body_after_all_went_back_is_credited_and_settled(
    flask, user, order, partial, left
):
    settle(payment_event(order, total_amount=499))
    settle(refund_event(amount=499, partial=partial))
    assert waiting(flask) == []
    assert settle(payment_event(order)) == "credits_added"
    assert balance(user) == left
    assert purchases.find(user, order.id).status == "paid"
    assert waiting(flask) == []
    assert settle(payment_event(order)) == "already_processed"
