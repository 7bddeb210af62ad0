"""`flask credits refund`: Dodo is asked once, and the credits follow its word."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from creditsapp.dodo.answers import Answer
from creditsapp.dodo.client import DodoClient
from creditsapp.extensions import db
from creditsapp.models import OperatorAction, RefundRequest
from creditsapp.services import refunding
from tests.builders import make_purchase, refund_event, settle
from tests.databases import contents
from tests.reconciling.conftest import balance


def requests():
    return db.session.scalars(db.select(RefundRequest).order_by(RefundRequest.created_at)).all()


def ask(flask, either_id, *words):
    return flask("credits", "refund", either_id, "--reason", "the buyer asked", *words)


def let_a_minute_pass():
    for request in requests():
        db.session.execute(
            update(RefundRequest)
            .where(RefundRequest.id == request.id)
            .values(created_at=request.created_at - timedelta(minutes=2))
        )
    db.session.commit()


@pytest.mark.parametrize("by", ["payment", "purchase"])
def test_a_whole_refund_is_asked_once_and_moves_no_credits_itself(shop, flask, by):
    user, order, payment_id = shop.bought()
    answer = ask(flask, payment_id if by == "payment" else order.id)
    assert answer.exit_code == 0, answer.stderr
    (made,) = shop.refunds(payment_id)
    assert (made["amount"], made["reason"]) == (500, "the buyer asked")
    assert f"Dodo took the refund of all that was left of {payment_id}" in answer.stdout
    assert made["refund_id"] in answer.stdout
    assert balance(user) == 100
    settle(refund_event(made["refund_id"], payment_id=payment_id, amount=500, partial=False))
    assert balance(user) == 0
    (action,) = db.session.scalars(db.select(OperatorAction)).all()
    assert (action.command, action.reason) == ("credits refund", "the buyer asked")


@pytest.mark.parametrize(
    ("choices", "amount", "left"),
    [
        ({}, 200, 60),
        ({"tax_rate": "19"}, 238, 60),
        ({"tax_rate": "19", "tax_inclusive": True}, 200, 60),
    ],
)
def test_a_part_is_so_many_dollars_of_the_price_with_their_tax(shop, flask, choices, amount, left):
    user, _order, payment_id = shop.bought(**choices)
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 0
    (made,) = shop.refunds(payment_id)
    assert made["amount"] == amount
    flask("credits", "reconcile")
    assert balance(user) == left


@pytest.mark.parametrize(("dollars", "amount", "left"), [("3", 300, 60), ("6", 600, 0)])
def test_a_part_is_measured_by_the_dollars_that_were_ordered(shop, flask, dollars, amount, left):
    user, _order, payment_id = shop.bought(dollars=6, tax_rate="20", tax_inclusive=True)
    answer = ask(flask, payment_id, "--dollars", dollars)
    assert answer.exit_code == 0, answer.stderr
    (made,) = shop.refunds(payment_id)
    assert made["amount"] == amount
    flask("credits", "reconcile")
    assert balance(user) == left


def test_a_repeat_by_its_key_asks_nothing(shop, flask, database_url):
    _user, _order, payment_id = shop.bought()
    first = ask(flask, payment_id, "--dollars", "1", "--key", "k")
    before = contents(database_url)
    second = ask(flask, payment_id, "--dollars", "1", "--key", "k")
    assert (second.exit_code, second.stdout) == (0, first.stdout)
    assert contents(database_url) == before
    assert len(shop.refunds(payment_id)) == 1
    other = ask(flask, payment_id, "--dollars", "2", "--key", "k")
    assert (other.exit_code, len(shop.refunds(payment_id))) == (1, 1)


def test_a_lost_answer_is_looked_for_and_never_asked_twice(shop, flask):
    user, _order, payment_id = shop.bought()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    lost = ask(flask, payment_id, "--dollars", "2")
    assert lost.exit_code == 1
    assert "may have refunded or not" in lost.stderr
    assert [request.status for request in requests()] == ["unknown"]
    found = ask(flask, payment_id, "--dollars", "2")
    assert found.exit_code == 0
    (made,) = shop.refunds(payment_id)
    assert made["refund_id"] in found.stdout
    assert [request.status for request in requests()] == ["taken"]
    assert balance(user) == 100


def test_another_amount_is_not_asked_while_an_earlier_one_is_found(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    ask(flask, payment_id, "--dollars", "2")
    answer = ask(flask, payment_id, "--dollars", "3")
    assert answer.exit_code == 1
    assert "Nothing was asked now" in answer.stderr
    assert len(shop.refunds(payment_id)) == 1
    assert ask(flask, payment_id, "--dollars", "3").exit_code == 0
    assert len(shop.refunds(payment_id)) == 2


def test_what_never_arrived_is_asked_again_once_it_cannot_be_on_its_way(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.fault("disconnect", path="/refunds", method="POST", times=1)
    assert ask(flask, payment_id, "--key", "k").exit_code == 1
    early = ask(flask, payment_id, "--key", "k")
    assert early.exit_code == 1
    assert "may still be on its way" in early.stderr
    assert shop.refunds(payment_id) == []
    let_a_minute_pass()
    assert ask(flask, payment_id, "--key", "k").exit_code == 0
    assert len(shop.refunds(payment_id)) == 1
    assert [request.status for request in requests()] == ["refused", "taken"]


def test_a_request_that_was_cut_off_is_looked_for_as_well(shop, flask, monkeypatch):
    _user, _order, payment_id = shop.bought()

    def killed(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(refunding, "_close", killed)
        assert ask(flask, payment_id).exit_code == 1
    assert [request.status for request in requests()] == ["asked"]
    assert ask(flask, payment_id).exit_code == 0
    assert len(shop.refunds(payment_id)) == 1


def test_one_without_our_mark_is_taken_to_be_ours_when_it_can_be(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.fault("disconnect", path="/refunds", method="POST", times=1)
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 1
    shop.refund(payment_id, 100)
    assert "may still be on its way" in ask(flask, payment_id, "--dollars", "2").stderr
    by_hand = shop.refund(payment_id, 200)
    found = ask(flask, payment_id, "--dollars", "2")
    assert (found.exit_code, by_hand in found.stdout) == (0, True)
    assert len(shop.refunds(payment_id)) == 2


@pytest.mark.parametrize("refunds", ["missing", None, "x", {}])
def test_an_answer_that_lists_no_refunds_is_no_word_that_there_are_none(
    shop, flask, monkeypatch, refunds
):
    _user, _order, payment_id = shop.bought()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 1
    let_a_minute_pass()
    whole = DodoClient.payment

    def payment(*args, **options):
        answer = whole(*args, **options)
        data = {name: value for name, value in answer.data.items() if name != "refunds"}
        return Answer(data if refunds == "missing" else data | {"refunds": refunds}, answer.at)

    with monkeypatch.context() as broken:
        broken.setattr(DodoClient, "payment", payment)
        unread = ask(flask, payment_id, "--dollars", "2")
        assert (unread.exit_code, unread.stderr.count("\n")) == (1, 1)
        assert unread.stderr.startswith("Error: Dodo failed: ")
        assert flask("credits", "reconcile").exit_code == 1
    assert [request.status for request in requests()] == ["unknown"]
    (made,) = shop.refunds(payment_id)
    assert made["refund_id"] in ask(flask, payment_id, "--dollars", "2").stdout
    assert len(shop.refunds(payment_id)) == 1


def test_values_of_the_wrong_types_are_no_word_that_there_are_none(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 1
    let_a_minute_pass()
    shop.fault("wrong_types", path="/payments", method="GET")
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 1
    shop.heal()
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 0
    assert len(shop.refunds(payment_id)) == 1


@pytest.mark.parametrize("earlier", [(), ("--key", "k1")])
def test_an_earlier_request_that_is_found_is_not_taken_for_that_of_another_key(
    shop, flask, earlier
):
    _user, _order, payment_id = shop.bought()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    assert ask(flask, payment_id, "--dollars", "2", *earlier).exit_code == 1
    found = ask(flask, payment_id, "--dollars", "2", "--key", "k2")
    assert (found.exit_code, found.stdout) == (1, "")
    assert "An earlier request was found" in found.stderr
    assert "Nothing was asked now" in found.stderr
    assert len(shop.refunds(payment_id)) == 1
    let_a_minute_pass()
    for _ in range(2):
        anew = ask(flask, payment_id, "--dollars", "2", "--key", "k2")
        assert anew.exit_code == 0, anew.stderr
        assert len(shop.refunds(payment_id)) == 2


def test_a_repeat_by_its_key_says_that_the_refund_has_failed_meanwhile(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.control("/sandbox/refunds/mode", status="pending")
    assert ", pending." in ask(flask, payment_id, "--key", "k").stdout
    (made,) = shop.refunds(payment_id)
    shop.control(f"/sandbox/refunds/{made['refund_id']}/decide", status="failed")
    flask("credits", "reconcile")
    again = ask(flask, payment_id, "--key", "k")
    assert ("failed" in again.output, "pending" in again.output) == (True, False)
    assert len(shop.refunds(payment_id)) == 1


def test_the_slower_of_two_operators_is_not_told_that_dodo_took_it(shop, flask, monkeypatch):
    _user, _order, payment_id = shop.bought()
    shop.fault("disconnect", path="/refunds", method="POST", times=1)
    assert ask(flask, payment_id, "--dollars", "2").exit_code == 1
    let_a_minute_pass()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    alone, faster = refunding.look_for, []

    def look_for(*args, **options):
        found = alone(*args, **options)
        if not faster:
            faster.append(ask(flask, payment_id, "--dollars", "3"))
        return found

    monkeypatch.setattr(refunding, "look_for", look_for)
    slower = ask(flask, payment_id, "--dollars", "2")
    assert (faster[0].exit_code, slower.exit_code) == (1, 1)
    assert "Dodo took" not in slower.output
    assert [made["amount"] for made in shop.refunds(payment_id)] == [300]


@pytest.mark.parametrize("fault", ["error", "html", "truncated", "wrong_types"])
def test_an_answer_that_makes_no_sense_is_unknown(shop, flask, fault):
    _user, _order, payment_id = shop.bought()
    shop.fault(fault, path="/refunds", method="POST", times=1)
    answer = ask(flask, payment_id)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert [request.status for request in requests()] == ["unknown"]


def test_a_refusal_is_said_and_may_be_asked_again(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.fault("rate_limit", path="/refunds", method="POST", times=1)
    refused = ask(flask, payment_id, "--key", "k")
    assert refused.exit_code == 1
    assert "TOO_MANY_REQUESTS" in refused.stderr
    assert [request.status for request in requests()] == ["refused"]


def test_dodo_refuses_what_went_back_already(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.refund(payment_id)
    answer = ask(flask, payment_id)
    assert answer.exit_code == 1
    assert "PAYMENT_ALREADY_REFUNDED" in answer.stderr


def test_nobody_at_dodos_address_means_that_nothing_was_asked(make_app, shop):
    _user, _order, payment_id = shop.bought()
    deaf = make_app(dodo_payments_base_url="http://127.0.0.1:9")
    words = ["credits", "refund", payment_id, "--reason", "x", "--key", "k"]
    for more in ([], ["--dollars", "1"]):
        with deaf.app_context():
            answer = deaf.test_cli_runner().invoke(args=words + more)
        assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
        assert "NOT_SENT" in answer.stderr
    assert {request.status for request in requests()} == {"refused"}


def test_a_pending_refund_is_said_to_be_pending(shop, flask):
    user, _order, payment_id = shop.bought()
    shop.control("/sandbox/refunds/mode", status="pending")
    assert ", pending." in ask(flask, payment_id).stdout
    flask("credits", "reconcile")
    assert balance(user) == 100
    (made,) = shop.refunds(payment_id)
    shop.control(f"/sandbox/refunds/{made['refund_id']}/decide", status="succeeded")
    flask("credits", "reconcile")
    assert balance(user) == 0


def test_a_payment_that_waits_for_a_person_can_go_back(shop, flask):
    user, order, _payment_id = shop.bought()
    second = shop.pay(order, again=True)
    assert shop.deliver(second) == "review"
    ambiguous = ask(flask, order.id)
    assert (ambiguous.exit_code, second in ambiguous.stderr) == (1, True)
    assert ask(flask, second).exit_code == 0
    assert flask("credits", "reconcile").exit_code == 0
    assert flask("credits", "purchases", "--status", "review").stdout == ""
    assert balance(user) == 100


@pytest.mark.parametrize("words", [("--dollars", "6"), ("--dollars", "500")])
def test_more_than_was_paid_is_not_asked(shop, flask, words):
    _user, _order, payment_id = shop.bought()
    answer = ask(flask, payment_id, *words)
    assert (answer.exit_code, answer.stderr) == (1, "Error: This payment was for $5.\n")
    assert shop.refunds(payment_id) == []


@pytest.mark.parametrize("words", [("--dollars", "0"), ("--dollars", "1.5"), ("--reason", " ")])
def test_wrong_words_are_exit_2(shop, flask, words):
    assert ask(flask, "pay_1", *words).exit_code == 2


def test_what_was_not_paid_cannot_go_back(shop, flask, database_url):
    order = make_purchase(shop.user())
    before = contents(database_url)
    for unpaid in (order.id, "pay_x", "00000000-0000-0000-0000-000000000000", "a\0b"):
        answer = ask(flask, unpaid)
        assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert contents(database_url) == before


def test_a_refund_that_failed_at_once_is_no_success(shop, flask):
    user, _order, payment_id = shop.bought()
    shop.control("/sandbox/refunds/mode", status="failed")
    answer = ask(flask, payment_id)
    assert answer.exit_code == 1
    assert "failed at Dodo; no money went back" in answer.stderr
    assert balance(user) == 100
