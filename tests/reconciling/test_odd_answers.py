"""`flask credits reconcile` with a Dodo that fails for one thing, lags, or says too little."""

from datetime import UTC, datetime

import pytest

from creditsapp.dodo.answers import Answer
from creditsapp.dodo.client import DodoClient
from creditsapp.extensions import db
from creditsapp.models import PaymentRefund, Purchase
from tests.builders import dispute_event, payment_event, refund_event, settle
from tests.databases import contents
from tests.reconciling.conftest import balance

NOTHING = "0 healed, 0 not\n"


def reconcile(flask, *words):
    return flask("credits", "reconcile", *words)


@pytest.mark.parametrize("fault", ["error", "html"])
def test_a_payment_that_dodo_fails_to_tell_of_is_left_and_the_rest_goes_on(shop, flask, fault):
    user, _order, paid = shop.bought()
    refund_id = shop.refund(paid, 200)
    other = shop.user()
    lost = shop.pay(shop.order(other))
    shop.fault(fault, path=f"/payments/{lost}")
    answer = reconcile(flask)
    assert (answer.exit_code, answer.stderr) == (1, "")
    (left,) = [line for line in answer.stdout.splitlines() if "left to you" in line]
    assert lost in left and "it answered" in left
    assert f"missing refund {refund_id}" in answer.stdout
    assert (balance(user), balance(other)) == (60, 0)
    shop.heal()
    assert reconcile(flask).exit_code == 0
    assert balance(other) == 100


@pytest.mark.parametrize("fault", ["error", "html"])
def test_a_refund_and_a_dispute_that_dodo_fails_to_tell_of_are_left(shop, flask, fault):
    _user, _order, payment_id = shop.bought()
    settle(refund_event("ref_x", payment_id=payment_id, amount=100))
    settle(dispute_event("won", "dp_x", payment_id=payment_id))
    settle(dispute_event("won", "dp_y", payment_id=payment_id))
    shop.fault(fault, path="/refunds/ref_x")
    shop.fault(fault, path="/disputes/dp_x")
    answer = reconcile(flask)
    assert (answer.exit_code, answer.stderr) == (1, "")
    for what in ("refund ref_x: ", "dispute dp_x: "):
        (left,) = [line for line in answer.stdout.splitlines() if what in line]
        assert "it answered" in left and left.endswith("(left to you)")
    assert "extra dispute dp_y: Dodo does not know it (left to you)" in answer.stdout


def test_a_dry_run_tells_of_them_as_well(shop, flask, database_url):
    _user, _order, payment_id = shop.bought()
    settle(refund_event("ref_x", payment_id=payment_id, amount=100))
    shop.fault("error", path="/refunds/ref_x")
    before = contents(database_url)
    answer = reconcile(flask, "--dry-run")
    assert (answer.exit_code, answer.stderr) == (1, "")
    assert "ref_x" in answer.stdout and "it answered 500" in answer.stdout
    assert contents(database_url) == before


def test_a_dodo_that_fails_for_one_after_the_other_is_left_alone(shop, flask):
    user, _order, paid = shop.bought()
    shop.refund(paid, 200)
    for _ in range(8):
        shop.pay(shop.order(shop.user()))
    shop.fault("error", path="/payments/")
    answer = reconcile(flask)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: Dodo failed: ")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout.count("left to you") <= 6
    assert balance(user) == 100
    shop.heal()
    shop.app.extensions["dodo"].cache_clear()
    assert reconcile(flask).exit_code == 0
    assert balance(user) == 60


@pytest.mark.parametrize("stands", ["succeeded", "failed"])
def test_a_list_that_lags_behind_a_refunds_report_changes_nothing(
    shop, flask, database_url, stands
):
    user, _order, payment_id = shop.bought()
    refund_id = shop.refund(payment_id, 200, status="pending")
    settle(refund_event(refund_id, payment_id=payment_id, amount=200, status=stands))
    left = balance(user)
    before = contents(database_url)
    for _ in range(2):
        answer = reconcile(flask)
        assert (answer.exit_code, answer.stdout.endswith(NOTHING)) == (0, True)
    assert contents(database_url) == before
    assert balance(user) == left == (60 if stands == "succeeded" else 100)


@pytest.mark.parametrize("named", [{"metadata": {}}, {"checkout_session_id": None}])
def test_a_payment_that_seemed_to_be_no_order_of_ours_is_healed(shop, flask, monkeypatch, named):
    user = shop.user()
    order = shop.order(user)
    payment_id = shop.pay(order)
    nameless = {"checkout_session_id": None, "metadata": {}, "business_id": None}
    assert settle(payment_event(order, payment_id=payment_id, **nameless)) == "recorded"
    whole = DodoClient.payment

    def payment(*args, **options):
        answer = whole(*args, **options)
        return Answer(answer.data | named, answer.at)

    monkeypatch.setattr(DodoClient, "payment", payment)
    dry = reconcile(flask, "--dry-run")
    assert (dry.exit_code, payment_id in dry.stdout) == (1, True)
    healed = reconcile(flask)
    assert healed.exit_code == 0, healed.output
    assert f"payment {payment_id}: credits added (healed)" in healed.stdout
    assert balance(user) == 100
    assert db.session.get(Purchase, order.id, populate_existing=True).status == "paid"
    assert reconcile(flask).stdout.endswith(NOTHING)


def test_an_answer_that_names_no_refund_is_left_to_a_person(shop, flask, monkeypatch):
    user, _order, payment_id = shop.bought()
    settle(refund_event("ref_x", payment_id=payment_id, amount=100))

    def refund(*_args, **_options):
        return Answer({"status": "failed"}, datetime.now(UTC))

    monkeypatch.setattr(DodoClient, "refund", refund)
    answer = reconcile(flask)
    assert answer.exit_code == 1
    assert "refund ref_x" in answer.stdout and "left to you" in answer.stdout
    assert db.session.get(PaymentRefund, "ref_x", populate_existing=True).status == "succeeded"
    assert balance(user) == 80


@pytest.mark.parametrize("news", [refund_event, dispute_event])
def test_what_is_about_a_payment_that_nobody_knows_is_no_finding(shop, flask, database_url, news):
    assert settle(news(payment_id="pay_example")) == "parked"
    before = contents(database_url)
    answer = reconcile(flask)
    assert (answer.exit_code, answer.stdout.endswith(NOTHING)) == (0, True)
    assert contents(database_url) == before
