"""What waits for a person: listed with its reason, approved, rejected, attached."""

import json

import pytest

from creditsapp.extensions import db
from creditsapp.models import OperatorAction
from creditsapp.services import ledger, purchases
from tests.builders import (
    dispute_event,
    event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
)
from tests.databases import contents


@pytest.fixture
def user(context):
    return make_user(0, email="a@example.com")


@pytest.fixture
def order(user):
    return make_purchase(user)


def balance(user):
    return ledger.balance(user).balance


def listed(flask, *words):
    return json.loads(flask("credits", "purchases", "--json", *words).stdout)["purchases"]


def waiting(flask):
    return listed(flask, "--status", "review")


OBJECTIONS = [
    ({"total_amount": 499}, "499 cents with 0 of tax were paid, not 500"),
    ({"total_amount": "500"}, "total_amount is not an amount in minor units"),
    ({"currency": "usd"}, "currency is not a currency"),
    ({"currency": None}, "its amount or currency is missing"),
    (
        {"product_cart": [{"product_id": "pdt_other", "quantity": 5}]},
        "its cart is 5 × pdt_other, not 5 × our product",
    ),
    (
        {"product_cart": [{"product_id": "pdt_sandbox_credits", "quantity": 4}]},
        "its cart is 4 × our product, not 5 × our product",
    ),
    ({"product_cart": "five"}, "product_cart is not a list of lines"),
    ({"checkout_session_id": "cks_of_nobody"}, "it comes from another checkout session"),
    ({"discount_id": "dsc_1"}, "a discount was given"),
]


@pytest.mark.parametrize(("changes", "reason"), OBJECTIONS)
def test_a_payment_that_does_not_match_is_listed_with_its_reason(flask, order, changes, reason):
    assert settle(payment_event(order, **changes)) == "review"
    assert waiting(flask) == [
        {
            "purchaseId": order.id,
            "paymentId": "pay_1",
            "status": "review",
            "email": "a@example.com",
            "dollarAmount": 5,
            "creditAmount": 100,
            "reason": reason,
        }
    ]
    assert purchases.find(order.user_id, order.id).status == "review"
    assert balance(order.user_id) == 0


def test_a_payment_of_another_business_waits(flask, user, order):
    settle(payment_event(order))
    other = make_purchase(user)
    changed = payment_event(other, payment_id="pay_2", business_id="bus_2")
    changed["business_id"] = "bus_2"
    assert settle(changed) == "review"
    assert waiting(flask)[0]["reason"] == "it is of another business (bus_2, and ours is bus_1)"


def test_an_event_whose_parts_name_two_businesses_is_kept_for_a_person(flask, order):
    assert settle(payment_event(order, business_id="bus_2"), "msg_1") == "review"
    (kept,) = json.loads(flask("webhooks", "list", "--json").stdout)["webhooks"]
    assert kept["lastError"] == "the event and what it is about name different businesses"
    assert balance(order.user_id) == 0


def test_an_approved_payment_gives_what_was_ordered_once(flask, user, order):
    settle(payment_event(order, total_amount=499), "msg_1")
    answer = flask("credits", "approve", "pay_1", "--reason", "a cent is fine")
    assert (answer.exit_code, answer.stdout) == (
        0,
        f"pay_1 of purchase {order.id} is approved; a@example.com has 100 credits for it\n",
    )
    assert balance(user) == 100
    assert purchases.find(user, order.id).status == "paid"
    assert waiting(flask) == []
    again = flask("credits", "approve", "pay_1", "--reason", "again")
    assert (again.exit_code, again.stderr) == (1, "Error: This payment was approved before.\n")
    assert settle(payment_event(order, total_amount=499), "msg_2") == "already_processed"
    assert balance(user) == 100
    (action,) = db.session.scalars(db.select(OperatorAction)).all()
    assert (action.command, action.subject, action.reason) == (
        "credits approve",
        "pay_1",
        "a cent is fine",
    )
    (event,) = json.loads(flask("webhooks", "list", "--json").stdout)["webhooks"][:1]
    assert event["status"] == "credits_added"


def test_an_operator_may_give_as_many_credits_as_were_paid(flask, user, order):
    settle(payment_event(order, total_amount=300))
    words = ("credits", "approve", order.id, "--credits", "60", "--reason", "paid 3 of 5")
    assert flask(*words).exit_code == 0
    assert balance(user) == 60
    settle(refund_event(amount=150))
    assert balance(user) == 30


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_a_decision_repeated_by_its_key_changes_nothing(flask, user, order, database_url, command):
    settle(payment_event(order, total_amount=1))
    words = ("credits", command, "pay_1", "--reason", "x", "--key", "k1")
    first = flask(*words)
    before = contents(database_url)
    second = flask(*words)
    assert (first.exit_code, first.stdout) == (second.exit_code, second.stdout)
    assert contents(database_url) == before


def test_a_rejected_payment_gives_nothing_and_stays_rejected(flask, user, order):
    settle(payment_event(order, total_amount=1), "msg_1")
    answer = flask("credits", "reject", order.id, "--reason", "a cent is no payment")
    assert answer.exit_code == 0
    assert "flask credits refund pay_1" in answer.stdout
    assert purchases.find(user, order.id).status == "rejected"
    assert settle(payment_event(order, total_amount=1), "msg_2") == "already_processed"
    assert waiting(flask) == []
    assert listed(flask, "--status", "rejected")[0]["reason"].startswith("1 cents")
    again = flask("credits", "approve", "pay_1", "--reason", "x")
    assert (again.exit_code, again.stderr) == (1, "Error: This payment was rejected before.\n")
    assert balance(user) == 0


def test_a_second_payment_waits_with_both_ids_and_can_be_approved(flask, user, order):
    settle(payment_event(order))
    assert settle(payment_event(order, payment_id="pay_2")) == "review"
    (row,) = waiting(flask)
    assert (row["purchaseId"], row["paymentId"]) == (order.id, "pay_2")
    assert row["reason"] == "a second payment for a purchase that is paid"
    (paid,) = listed(flask, "--status", "paid")
    assert paid["paymentId"] == "pay_1"
    assert flask("credits", "approve", "pay_2", "--reason", "they want more").exit_code == 0
    assert balance(user) == 200
    settle(refund_event("ref_2", payment_id="pay_2", amount=500, partial=False))
    assert balance(user) == 100
    assert purchases.find(user, order.id).status == "paid"


def test_two_payments_that_wait_for_one_order_have_to_be_named(flask, user, order):
    settle(payment_event(order, total_amount=1))
    settle(payment_event(order, payment_id="pay_2", total_amount=2))
    answer = flask("credits", "approve", order.id, "--reason", "x")
    assert answer.exit_code == 1
    assert "choose one: pay_1, pay_2" in answer.stderr
    assert flask("credits", "reject", "pay_1", "--reason", "x").exit_code == 0
    assert purchases.find(user, order.id).status == "review"
    assert flask("credits", "approve", order.id, "--reason", "x").exit_code == 0
    assert balance(user) == 100
    assert purchases.find(user, order.id).status == "paid"


def test_a_good_payment_of_an_order_in_review_pays_it(flask, user, order):
    settle(payment_event(order, total_amount=1))
    assert settle(payment_event(order, payment_id="pay_2")) == "credits_added"
    assert purchases.find(user, order.id).status == "paid"
    assert [row["paymentId"] for row in waiting(flask)] == ["pay_1"]


@pytest.mark.parametrize("first", ["refund", "payment"])
def test_a_waiting_payment_that_goes_back_needs_nobody_any_more(flask, user, order, first):
    events = [payment_event(order, total_amount=400), refund_event(amount=400, partial=False)]
    for one in events if first == "payment" else reversed(events):
        settle(one)
    assert waiting(flask) == []
    assert purchases.find(user, order.id).status == "rejected"
    assert balance(user) == 0


def test_what_was_refunded_meanwhile_is_taken_back_from_what_is_approved(flask, user, order):
    settle(payment_event(order, total_amount=400))
    settle(refund_event(amount=100))
    settle(dispute_event("opened"))
    answer = flask("credits", "approve", "pay_1", "--reason", "x")
    assert "has 100 credits for it, of which 100 were taken back" in answer.stdout
    settle(dispute_event("won"))
    assert balance(user) == 75


def test_a_refund_that_cannot_be_compared_waits_and_is_closed(flask, user, order):
    settle(payment_event(order))
    assert settle(refund_event(amount=3, currency="KWD"), "msg_1") == "review"
    (row,) = waiting(flask)
    assert row["reason"] == "a refund in a currency that cannot be compared"
    refused = flask("credits", "reject", "pay_1", "--reason", "x")
    assert (refused.exit_code, balance(user)) == (1, 100)
    more = flask("credits", "approve", "pay_1", "--credits", "5", "--reason", "x")
    assert (more.exit_code, balance(user)) == (1, 100)
    assert flask("credits", "approve", "pay_1", "--reason", "adjusted").exit_code == 0
    assert waiting(flask) == []
    assert settle(refund_event(amount=3, currency="KWD"), "msg_2") == "refund_processed"
    assert settle(refund_event("ref_2", amount=4, currency="KWD")) == "review"
    assert len(waiting(flask)) == 1


def test_a_payment_of_no_order_is_recorded_and_can_pay_one(flask, user, order):
    stray = payment_event(order, checkout_session_id=None, metadata={})
    assert settle(stray) == "recorded"
    assert settle(refund_event(amount=100), "msg_r") == "parked"
    (row,) = listed(flask, "--status", "recorded")
    assert (row["purchaseId"], row["paymentId"]) == (None, "pay_1")
    assert row["reason"] == "it came from no order of ours"
    words = ("credits", "attach", "pay_1", order.id, "--reason", "the buyer wrote", "--key", "k")
    first = flask(*words)
    assert first.exit_code == 0, first.stderr
    assert balance(user) == 80
    assert purchases.find(user, order.id).status == "paid"
    assert listed(flask, "--status", "recorded") == []
    assert flask(*words).stdout == first.stdout
    assert balance(user) == 80
    statuses = [
        one["status"] for one in json.loads(flask("webhooks", "list", "--json").stdout)["webhooks"]
    ]
    assert statuses == ["credits_added", "refund_processed"]


def test_a_payment_of_no_order_can_be_given_to_a_person(flask, user, order):
    settle(payment_event(order, checkout_session_id=None, metadata={}, total_amount=714, tax=114))
    words = ("credits", "attach", "pay_1", "A@example.com", "--reason", "x", "--key", "k")
    for _ in range(2):
        answer = flask(*words)
        assert answer.exit_code == 0, answer.stderr
    assert balance(user) == 120
    paid = listed(flask, "--status", "paid")
    assert [(row["dollarAmount"], row["creditAmount"]) for row in paid] == [(6, 120)]


def test_dollars_that_cannot_be_told_have_to_be_said(flask, user, order):
    settle(payment_event(order, checkout_session_id=None, metadata={}, currency="EUR"))
    words = ("credits", "attach", "pay_1", "a@example.com", "--reason", "x")
    assert flask(*words).exit_code == 2
    assert flask(*words, "--dollars", "4").exit_code == 0
    assert balance(user) == 80


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "pay_x"),
        ("approve", "pay_\0"),
        ("reject", "00000000-0000-0000-0000-000000000000"),
        ("attach", "pay_x", "a@example.com"),
        ("attach", "pay_1", "00000000-0000-0000-0000-000000000000"),
        ("attach", "pay_1", "nobody@example.com"),
        ("attach", "pay_2", "{order}"),
        ("attach", "pay_3", "a@example.com"),
        ("approve", "pay_2"),
        ("approve", "pay_1"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_changes_nothing(
    flask, user, order, database_url, words
):
    settle(payment_event(order, checkout_session_id=None, metadata={}))
    settle(payment_event(order, payment_id="pay_2"))
    failed = payment_event(order, kind="payment.failed", payment_id="pay_3")
    settle(event("payment.failed", failed["data"] | {"checkout_session_id": None, "metadata": {}}))
    before = contents(database_url)
    words = [word.replace("{order}", order.id) for word in words]
    answer = flask("credits", *words, "--reason", "x")
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert contents(database_url) == before
