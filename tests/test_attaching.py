"""`flask credits attach` in doubt: dollars, keys, sessions, and another operator who is faster."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from creditsapp.extensions import db
from creditsapp.models import Payment, Purchase
from creditsapp.services import ledger
from tests.builders import make_purchase, make_user, payment_event, settle
from tests.databases import contents
from tests.test_reviews import listed, waiting

STRAY = {"checkout_session_id": None, "metadata": {}}


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


def elsewhere(act, *arguments):
    """Act as another process would, with a session of its own."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(act, *arguments).result()


@pytest.mark.parametrize(("dollars", "credits"), [("6", 120), ("7", 140)])
def test_dollars_that_could_be_with_tax_or_without_have_to_be_said(
    decide, user, order, database_url, dollars, credits
):
    settle(payment_event(order, total_amount=700, tax=100, **STRAY))
    before = contents(database_url)
    unsaid = decide("attach", "pay_1", "a@example.com")
    assert (unsaid.exit_code, "--dollars" in unsaid.stderr) == (2, True)
    assert contents(database_url) == before
    assert decide("attach", "pay_1", "a@example.com", "--dollars", dollars).exit_code == 0
    assert balance(user) == credits


@pytest.mark.parametrize(
    ("paid", "credits"),
    [
        ({"total_amount": 600, "tax": 0}, 120),
        ({"total_amount": 600, "tax": None}, 120),
        ({"total_amount": 714, "tax": 114}, 120),
        ({"total_amount": 600, "tax": 96}, 120),
    ],
)
def test_dollars_that_can_be_but_one_number_need_not_be_said(decide, user, order, paid, credits):
    settle(payment_event(order, **paid, **STRAY))
    assert decide("attach", "pay_1", "a@example.com").exit_code == 0
    assert balance(user) == credits


def test_two_payments_of_one_session_can_both_be_given_to_a_person(flask, decide, user, order):
    for payment_id in ("pay_1", "pay_2"):
        link = {"checkout_session_id": "cks_link", "metadata": {}}
        assert settle(payment_event(order, payment_id=payment_id, **link)) == "recorded"
    for payment_id in ("pay_1", "pay_2"):
        answer = decide("attach", payment_id, "a@example.com")
        assert answer.exit_code == 0, answer.stderr
    assert balance(user) == 200
    assert [row["paymentId"] for row in listed(flask, "--status", "paid")] == ["pay_1", "pay_2"]


@pytest.mark.parametrize("changed", [(), ("--credits", "80")])
def test_a_key_does_not_approve_another_number_of_credits(
    decide, user, order, database_url, changed
):
    settle(payment_event(order, total_amount=300))
    words = ("approve", "pay_1", "--key", "k")
    assert decide(*words, "--credits", "60").exit_code == 0
    before = contents(database_url)
    other = decide(*words, *changed)
    assert (other.exit_code, other.stderr.count("\n")) == (1, 1)
    assert contents(database_url) == before


@pytest.mark.parametrize("first", ["order", "person"])
def test_a_key_does_not_attach_to_another_order_or_person(decide, user, order, database_url, first):
    make_user(0, email="b@example.com")
    target = order.id if first == "order" else "a@example.com"
    others = [make_purchase(user).id, "b@example.com"]
    settle(payment_event(order, **STRAY))
    done = decide("attach", "pay_1", target, "--key", "k")
    assert done.exit_code == 0
    before = contents(database_url)
    for other in others:
        refused = decide("attach", "pay_1", other, "--key", "k")
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert decide("attach", "pay_1", target, "--key", "k").stdout == done.stdout
    assert contents(database_url) == before


def test_a_payment_that_was_attached_meanwhile_is_not_attached_again(
    decide, user, order, database_url
):
    settle(payment_event(order, **STRAY))
    known = db.session.get(Payment, "pay_1")
    other = make_purchase(user)
    assert elsewhere(decide, "attach", "pay_1", order.id).exit_code == 0
    before = contents(database_url)
    late = decide("attach", "pay_1", other.id)
    assert (late.exit_code, order.id in late.stderr) == (1, True)
    assert contents(database_url) == before
    assert known.id == "pay_1"


def test_a_purchase_that_was_paid_meanwhile_takes_no_second_payment(
    app, decide, user, order, database_url
):
    def pay():
        with app.app_context():
            settle(payment_event(order, payment_id="pay_2"))

    settle(payment_event(order, **STRAY))
    known = db.session.get(Purchase, order.id)
    elsewhere(pay)
    before = contents(database_url)
    late = decide("attach", "pay_1", order.id)
    assert (late.exit_code, late.stderr) == (1, "Error: This purchase is paid already.\n")
    assert contents(database_url) == before
    assert known.id == order.id


@pytest.mark.parametrize("by", ["payment", "purchase"])
@pytest.mark.parametrize("decisions", [("reject", "approve"), ("approve", "reject")])
def test_a_payment_that_was_decided_meanwhile_is_not_decided_again(
    flask, decide, user, order, by, decisions
):
    settle(payment_event(order, total_amount=499))
    known = db.session.get(Payment, "pay_1"), db.session.get(Purchase, order.id)
    faster, slower = decisions
    assert elsewhere(decide, faster, "pay_1").exit_code == 0
    late = decide(slower, "pay_1" if by == "payment" else order.id)
    assert (late.exit_code, "before" in late.stderr) == (1, True)
    assert balance(user) == (100 if faster == "approve" else 0)
    assert waiting(flask) == []
    assert known[0].id == "pay_1"
