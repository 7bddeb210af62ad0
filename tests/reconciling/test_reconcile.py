"""`flask credits reconcile`: what webhooks missed is healed once, by the same settlement."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from creditsapp.dodo import dodo_client
from creditsapp.extensions import db
from creditsapp.models import Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.services import purchases, reconciliation
from creditsapp.services.payments import Terms
from tests.builders import dispute_event, event, payment_event, refund_event, settle
from tests.databases import contents
from tests.reconciling.conftest import balance


def reconcile(flask, *words):
    return flask("credits", "reconcile", *words)


def test_what_is_right_already_is_left_alone(shop, flask, database_url):
    shop.bought()
    before = contents(database_url)
    answer = reconcile(flask)
    assert (answer.exit_code, answer.stdout) == (
        0,
        "1 payment, 0 refunds, 0 disputes compared: 0 healed, 0 not\n",
    )
    assert contents(database_url) == before


def test_a_lost_payment_is_credited_once(shop, flask, database_url):
    user = shop.user()
    order = shop.order(user)
    payment_id = shop.pay(order)
    dry = reconcile(flask, "--dry-run")
    assert dry.exit_code == 1
    assert f"missing payment {payment_id}: at Dodo it is succeeded (not healed" in dry.stdout
    assert balance(user) == 0
    healed = reconcile(flask)
    assert healed.exit_code == 0
    assert f"missing payment {payment_id}: credits added (healed)" in healed.stdout
    assert balance(user) == 100
    before = contents(database_url)
    assert reconcile(flask).stdout == "1 payment, 0 refunds, 0 disputes compared: 0 healed, 0 not\n"
    assert shop.deliver(payment_id) == "already_processed"
    assert balance(user) == 100
    assert before["ledger_entries"] == contents(database_url)["ledger_entries"]


def test_a_dry_run_writes_nothing(shop, flask, database_url):
    _user, _order, payment_id = shop.bought()
    shop.pay(shop.order(shop.user()))
    shop.refund(payment_id, 100)
    shop.dispute(payment_id, "opened")
    before = contents(database_url)
    answer = reconcile(flask, "--dry-run")
    assert answer.exit_code == 1
    assert answer.stdout.count("not healed: dry run") == 3
    assert contents(database_url) == before


def test_lost_refunds_and_disputes_are_taken_back_and_restored(shop, flask):
    user, _order, payment_id = shop.bought()
    refund_id = shop.refund(payment_id, 200)
    dispute_id = shop.dispute(payment_id, "opened")
    answer = reconcile(flask)
    assert answer.exit_code == 0
    assert f"missing refund {refund_id}" in answer.stdout
    assert f"missing dispute {dispute_id}" in answer.stdout
    assert balance(user) == 0
    shop.dispute(payment_id, "won")
    won = reconcile(flask)
    assert "its status is dispute_opened here, and dispute_won at Dodo" in won.stdout
    assert balance(user) == 60
    assert reconcile(flask).exit_code == 0


def test_a_refund_that_failed_after_all_gives_its_credits_back(shop, flask):
    user, _order, payment_id = shop.bought()
    refund_id = shop.refund(payment_id, 200, status="pending")
    settle(refund_event(refund_id, payment_id=payment_id, amount=200))
    assert balance(user) == 60
    shop.control(f"/sandbox/refunds/{refund_id}/decide", status="failed")
    assert reconcile(flask).exit_code == 0
    assert balance(user) == 100


def test_what_changed_within_the_second_of_the_answer_is_asked_for_again(shop, flask):
    user, _order, payment_id = shop.bought()
    for status in ("opened", "won", "opened", "lost"):
        dispute_id = shop.dispute(payment_id, status, stage="dispute")
        at = datetime.now(UTC).replace(microsecond=999_999)
        settle(dispute_event("opened", dispute_id, payment_id=payment_id, at=at))
        assert reconcile(flask).exit_code == 0
        assert balance(user) == (100 if status == "won" else 0)


def test_a_pending_refund_is_no_difference(shop, flask):
    _user, _order, payment_id = shop.bought()
    shop.refund(payment_id, 200, status="pending")
    answer = reconcile(flask)
    assert (answer.exit_code, "0 healed, 0 not" in answer.stdout) == (0, True)


def test_a_day_of_lost_webhooks_over_four_pages_is_healed_once(shop, flask, monkeypatch):
    monkeypatch.setattr("creditsapp.dodo.records.PAGE_SIZE", 5)
    users = [shop.user() for _ in range(17)]
    payments = [shop.pay(shop.order(user)) for user in users]
    for payment_id in payments[:6]:
        shop.deliver(payment_id)
    for payment_id in payments[:11]:
        shop.refund(payment_id, 100)
    answer = reconcile(flask)
    assert answer.exit_code == 0, answer.output
    assert "17 payments, 11 refunds, 0 disputes compared: 17 healed, 0 not" in answer.stdout
    assert [balance(user) for user in users] == [80] * 11 + [100] * 6
    assert reconcile(flask).stdout.endswith("compared: 0 healed, 0 not\n")


def test_reconciling_and_the_late_webhook_at_once_credit_once(shop, app):
    users = [shop.user() for _ in range(6)]
    payments = [shop.pay(shop.order(user)) for user in users]

    def deliver(payment_id):
        with app.app_context():
            shop.deliver(payment_id)
            db.session.remove()

    def compare():
        with app.app_context():
            reconciliation.reconcile(dodo_client(), Terms("pdt_sandbox_credits"))
            db.session.remove()

    db.session.remove()
    threads = [threading.Thread(target=deliver, args=(each,)) for each in payments]
    threads += [threading.Thread(target=compare) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [balance(user) for user in users] == [100] * 6


def test_a_payment_that_does_not_match_is_left_to_a_person(shop, flask):
    user = shop.user()
    payment_id = shop.pay(shop.order(user), quantity=4)
    answer = reconcile(flask)
    assert answer.exit_code == 1
    assert "waits for a person: its cart is 4 × our product, not 5 × our product" in answer.stdout
    assert "1 payment waits for a person: flask credits purchases --status review" in answer.stdout
    assert reconcile(flask).exit_code == 1
    assert flask("credits", "reject", payment_id, "--reason", "x").exit_code == 0
    assert reconcile(flask).exit_code == 0
    assert balance(user) == 0


def test_a_payment_of_no_order_is_recorded_and_needs_nobody(shop, flask):
    shop.control("/sandbox/payments")
    assert reconcile(flask).exit_code == 0
    settle(event("refund.succeeded", {}))
    again = reconcile(flask)
    assert again.exit_code == 0
    assert again.stdout == (
        "1 payment, 0 refunds, 0 disputes compared: 0 healed, 0 not\n"
        "1 payment came from no order: flask credits purchases --status recorded\n"
        "1 webhook could not be used: flask webhooks list --status review\n"
    )


def test_what_dodo_does_not_know_is_extra_and_left_to_a_person(shop, flask, database_url):
    user = shop.user()
    order = shop.order(user)
    settle(payment_event(order, payment_id="pay_elsewhere"))
    settle(refund_event("ref_elsewhere", payment_id="pay_elsewhere", amount=100))
    settle(dispute_event("opened", "dp_elsewhere", payment_id="pay_elsewhere"))
    before = contents(database_url)
    answer = reconcile(flask)
    assert answer.exit_code == 1
    for what in ("payment pay_elsewhere", "refund ref_elsewhere", "dispute dp_elsewhere"):
        assert f"extra {what}: Dodo does not know it (left to you)" in answer.stdout
    assert contents(database_url) == before


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"total": 400}, "here 400 USD were paid, and at Dodo 500 USD"),
        ({"currency": "EUR"}, "here 500 EUR were paid, and at Dodo 500 USD"),
    ],
)
def test_what_no_event_could_explain_is_left_to_a_person(shop, flask, database_url, values, words):
    _user, _order, payment_id = shop.bought()
    db.session.execute(update(Payment).values(values))
    db.session.commit()
    before = contents(database_url)
    answer = reconcile(flask)
    assert answer.exit_code == 1
    assert f"mismatched payment {payment_id}: {words} (left to you)" in answer.stdout
    assert contents(database_url) == before


def test_a_payment_that_went_on_is_followed(shop, flask):
    user = shop.user()
    order = shop.order(user)
    payment_id = shop.pay(order, outcome="processing_until_decided")
    shop.deliver(payment_id)
    assert purchases.find(user, order.id).status == "pending"
    assert reconcile(flask).stdout.endswith("0 healed, 0 not\n")
    shop.control(f"/sandbox/payments/{payment_id}/decide", status="failed")
    assert "mismatched payment" in reconcile(flask).stdout
    assert purchases.find(user, order.id).status == "failed"


def test_a_late_open_state_at_dodo_does_not_bring_back_what_ended(shop, flask):
    user = shop.user()
    order = shop.order(user)
    payment_id = shop.pay(order, outcome="processing_until_decided")
    settle(payment_event(order, kind="payment.failed", payment_id=payment_id))
    answer = reconcile(flask)
    assert (answer.exit_code, "0 healed, 0 not" in answer.stdout) == (0, True)


def test_only_what_is_newer_is_compared_when_asked(shop, flask):
    user = shop.user()
    shop.pay(shop.order(user))
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    later = reconcile(flask, "--since", tomorrow)
    assert later.stdout == "0 payments, 0 refunds, 0 disputes compared: 0 healed, 0 not\n"
    assert balance(user) == 0
    assert reconcile(flask, "--since", "2026-01-01").exit_code == 0
    assert balance(user) == 100


def test_a_refund_whose_payment_is_not_known_brings_its_payment(shop, flask):
    user = shop.user()
    payment_id = shop.pay(shop.order(user))
    refund_id = shop.refund(payment_id, 100)
    assert settle(refund_event(refund_id, payment_id=payment_id, amount=100)) == "parked"
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    assert reconcile(flask, "--since", tomorrow).exit_code == 0
    assert balance(user) == 0
    assert reconcile(flask).exit_code == 0
    assert balance(user) == 80


def test_a_restored_backup_gets_back_what_was_paid_since(shop, flask):
    user, order, payment_id = shop.bought()
    refund_id = shop.refund(payment_id, 100)
    settle(refund_event(refund_id, payment_id=payment_id, amount=100))
    assert balance(user) == 80
    db.session.execute(db.delete(PaymentRefund))
    db.session.commit()
    fresh = shop.order(user)
    paid = shop.pay(fresh)
    answer = reconcile(flask)
    assert f"missing payment {paid}: credits added" in answer.stdout
    assert f"missing refund {refund_id}" in answer.stdout
    assert balance(user) == 180
    assert db.session.get(Purchase, fresh.id, populate_existing=True).status == "paid"
    assert db.session.scalars(db.select(PaymentDispute)).all() == []
    assert order.id != fresh.id


def test_a_lost_refund_request_is_settled(shop, flask):
    user, _order, payment_id = shop.bought()
    shop.fault("lose_answer", path="/refunds", method="POST", times=1)
    assert flask("credits", "refund", payment_id, "--reason", "x").exit_code == 1
    dry = reconcile(flask, "--dry-run")
    assert f"the refund asked for {payment_id} has no answer" in dry.stdout
    answer = reconcile(flask)
    (made,) = shop.refunds(payment_id)
    assert f"the refund asked for {payment_id} was made: {made['refund_id']}" in answer.stdout
    assert answer.exit_code == 0
    assert balance(user) == 0
    assert reconcile(flask).stdout.endswith("0 healed, 0 not\n")


@pytest.mark.parametrize("fault", ["error", "html", "truncated", "wrong_types", "disconnect"])
def test_a_dodo_that_breaks_off_leaves_what_was_healed_and_says_so(shop, flask, fault):
    user, _order, payment_id = shop.bought()
    other = shop.user()
    shop.pay(shop.order(other))
    shop.refund(payment_id, 100)
    shop.fault(fault, path="/refunds")
    answer = reconcile(flask)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: Dodo failed: ")
    assert answer.stderr.count("\n") == 1
    assert "credits added (healed)" in answer.stdout
    assert (balance(other), balance(user)) == (100, 100)
    shop.heal()
    shop.app.extensions["dodo"].cache_clear()
    assert reconcile(flask).exit_code == 0
    assert balance(user) == 80


def test_a_passing_failure_is_waited_out(shop, flask):
    user = shop.user()
    shop.pay(shop.order(user))
    shop.fault("error", path="/payments", times=1)
    shop.fault("rate_limit", path="/refunds", times=1, seconds=1)
    assert reconcile(flask).exit_code == 0
    assert balance(user) == 100


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "1"])
def test_a_date_that_is_none_is_exit_2(flask, since):
    assert reconcile(flask, "--since", since).exit_code == 2


def test_a_payment_that_dodo_does_not_know_is_not_attached(shop, flask):
    order = shop.order(shop.user())
    stray = payment_event(order, payment_id="pay_fake", checkout_session_id=None, metadata={})
    assert settle(stray) == "recorded"
    answer = flask("credits", "attach", "pay_fake", order.id, "--reason", "x")
    assert (answer.exit_code, balance(order.user_id)) == (1, 0)
    assert "Dodo does not know this payment" in answer.stderr
