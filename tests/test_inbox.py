"""The inbox in the operators' hands: list, show, replay."""

import json

import pytest
from sqlalchemy import delete, func, select

from creditsapp.extensions import db
from creditsapp.models import OperatorAction, PaymentDispute, PaymentRefund, WebhookEvent
from creditsapp.services import ledger, payments, webhooks
from creditsapp.services.payments import Terms
from tests.builders import (
    deliver,
    dispute_event,
    event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
)
from tests.databases import contents

TERMS = Terms("pdt_sandbox_credits")


@pytest.fixture
def broken(monkeypatch):
    """A switch that lets every posting fail in the middle."""

    def breaks(on=True):
        def fail(*_args, **_kwargs):
            raise RuntimeError("the machine \x1b[31mis\x1b[0m tired")

        if on:
            monkeypatch.setattr(payments, "post_unguarded", fail)
        else:
            monkeypatch.undo()

    return breaks


def fail_to_settle(purchase, webhook_id, **changes):
    with pytest.raises(RuntimeError):
        settle(payment_event(purchase, **changes), webhook_id)


def balance(user):
    return ledger.balance(user).balance


def listed(flask, *words):
    return json.loads(flask("webhooks", "list", "--json", *words).stdout)["webhooks"]


def test_everything_that_came_in_is_listed_oldest_first(context, flask):
    purchase = make_purchase(make_user(0))
    settle(payment_event(purchase), "msg_1")
    settle(event("license_key.created", None), "msg_2")
    webhooks.receive("msg_3", b"\xff", TERMS)
    settle(payment_event(purchase, payment_id="pay_2", product_cart="?"), "msg_4")
    settle(refund_event(payment_id="pay_9"), "msg_5")
    found = listed(flask)
    assert [(one["id"], one["status"]) for one in found] == [
        ("msg_1", "credits_added"),
        ("msg_2", "ignored"),
        ("msg_3", "invalid"),
        ("msg_4", "review"),
        ("msg_5", "parked"),
    ]
    assert found[4]["nextAttemptAt"] > found[4]["receivedAt"]
    (parked,) = listed(flask, "--status", "parked")
    assert (parked["paymentId"], parked["attempts"]) == ("pay_9", 1)
    lines = flask("webhooks", "list", "--status", "review").stdout
    assert lines.count("\n") == 1 and "pay_2" in lines


def test_one_is_shown_with_all_that_it_carried(context, flask):
    body = payment_event(make_purchase(make_user(0)))
    settle(body, "msg_1")
    webhooks.receive("msg_2", b"\xff\x1b[31m", TERMS)
    shown = json.loads(flask("webhooks", "show", "msg_1", "--json").stdout)
    assert shown["payload"] == body
    assert '"payment_id": "pay_1"' in flask("webhooks", "show", "msg_1").stdout
    assert "payloadBase64" in json.loads(flask("webhooks", "show", "msg_2", "--json").stdout)
    assert "\x1b" not in flask("webhooks", "show", "msg_2").stdout


@pytest.mark.parametrize("words", [("show", "msg_x"), ("replay", "msg_x"), ("show", "a\0b")])
def test_one_that_is_not_there_is_a_clear_refusal(flask, database_url, words):
    before = contents(database_url)
    answer = flask("webhooks", *words)
    assert answer.exit_code == 1
    assert answer.stderr == "Error: There is no such webhook in the inbox.\n"
    assert contents(database_url) == before


@pytest.mark.parametrize("words", [(), ("msg_1", "--failed"), ("--reason", "", "--failed")])
def test_a_replay_says_exactly_one_thing(context, flask, broken, words):
    broken()
    fail_to_settle(make_purchase(make_user(0)), "msg_1")
    assert flask("webhooks", "replay", *words).exit_code == 2


def test_what_failed_is_kept_with_its_error_and_applied_by_a_replay(context, flask, broken):
    user = make_user(0)
    purchase = make_purchase(user)
    broken()
    for _ in range(3):
        fail_to_settle(purchase, "msg_1")
    (failed,) = listed(flask, "--status", "failed")
    assert (failed["attempts"], failed["type"]) == (3, "payment.succeeded")
    assert failed["lastError"] == "RuntimeError: the machine \x1b[31mis\x1b[0m tired"
    assert "\x1b" not in flask("webhooks", "list").stdout
    assert balance(user) == 0
    broken(False)
    answer = flask("webhooks", "replay", "msg_1", "--reason", "mended")
    assert (answer.exit_code, answer.stdout) == (0, "msg_1: credits_added\n")
    assert balance(user) == 100
    action = db.session.scalars(db.select(OperatorAction)).one()
    assert (action.command, action.subject, action.reason) == (
        "webhooks replay",
        "msg_1",
        "mended",
    )


def test_all_that_failed_are_applied_in_the_order_in_which_they_came(context, flask, broken):
    users = [make_user(0) for _ in range(3)]
    broken()
    for number, user in enumerate(users):
        fail_to_settle(make_purchase(user), f"msg_{number}", payment_id=f"pay_{number}")
    again = flask("webhooks", "replay", "--failed")
    assert again.exit_code == 1
    assert again.stderr.count("failed again: RuntimeError") == 3
    broken(False)
    assert flask("webhooks", "replay", "--failed").stdout == "".join(
        f"msg_{number}: credits_added\n" for number in range(3)
    )
    assert [balance(user) for user in users] == [100, 100, 100]
    assert flask("webhooks", "replay", "--failed").stdout == "no webhook has failed\n"


def test_replays_of_everything_change_no_balance(context, flask, database_url):
    user = make_user(0)
    settle(payment_event(make_purchase(user)), "msg_1")
    settle(refund_event(amount=100), "msg_2")
    settle(dispute_event("won"), "msg_3")
    before = contents(database_url)["ledger_entries"]
    statuses = [one["status"] for one in listed(flask)]
    for number in (3, 2, 1, 1, 2, 3):
        assert flask("webhooks", "replay", f"msg_{number}").exit_code == 0
    assert balance(user) == 80
    assert contents(database_url)["ledger_entries"] == before
    assert [one["attempts"] for one in listed(flask)] == [3, 3, 3]
    assert [one["status"] for one in listed(flask)] == statuses
    assert statuses == ["credits_added", "refund_processed", "dispute_processed"]


@pytest.mark.parametrize(
    ("table", "lost"),
    [(PaymentRefund, refund_event(amount=100)), (PaymentDispute, dispute_event())],
)
def test_a_replay_of_what_is_done_applies_it_again(context, flask, table, lost):
    user = make_user(0)
    settle(payment_event(make_purchase(user)))
    settle(lost, "msg_1")
    left = balance(user)
    db.session.execute(delete(table))
    db.session.commit()
    assert flask("webhooks", "replay", "msg_1").exit_code == 0
    assert db.session.scalar(select(func.count()).select_from(table)) == 1
    assert balance(user) == left < 100


def test_what_was_ignored_once_is_applied_by_a_replay(context, flask, monkeypatch):
    user = make_user(0)
    with monkeypatch.context() as older:
        older.setattr(webhooks, "_apply", lambda *_: "ignored")
        assert settle(payment_event(make_purchase(user)), "msg_1") == "ignored"
    assert balance(user) == 0
    assert flask("webhooks", "replay", "msg_1").stdout == "msg_1: credits_added\n"
    assert balance(user) == 100


def test_a_repeated_delivery_of_what_is_done_is_answered_as_before(context):
    order = make_purchase(make_user(0))
    for body, done in (
        (payment_event(order), "credits_added"),
        (refund_event(), "refund_processed"),
        (event("license_key.created", None), "ignored"),
    ):
        assert settle(body, done) == done
        assert settle(body, done) == "already_processed"
        assert webhooks.find(done).status == done


def test_a_newer_body_under_an_old_id_is_kept(context, flask):
    order = make_purchase(make_user(0))
    settle(payment_event(order, kind="payment.processing"), "msg_1")
    newer = payment_event(order, kind="payment.failed")
    settle(newer, "msg_1")
    db.session.expunge_all()
    shown = json.loads(flask("webhooks", "show", "msg_1", "--json").stdout)
    assert (shown["type"], shown["attempts"]) == ("payment.failed", 2)
    assert shown["payload"] == newer


def test_a_newer_body_of_another_kind_under_an_old_id_is_kept(context, flask):
    order = make_purchase(make_user(0))
    settle(payment_event(order))
    settle(refund_event("ref_9", payment_id="pay_9"), "msg_1")
    newer = refund_event(amount=100)
    assert settle(newer, "msg_1") == "refund_processed"
    db.session.expunge_all()
    shown = json.loads(flask("webhooks", "show", "msg_1", "--json").stdout)
    assert (shown["status"], shown["paymentId"]) == ("refund_processed", "pay_1")
    assert (shown["attempts"], shown["payload"]) == (2, newer)


def test_a_parked_event_says_processed_once_its_payment_has_come(context, flask):
    purchase = make_purchase(make_user(0))
    settle(refund_event(amount=100), "msg_1")
    settle(dispute_event("opened"), "msg_2")
    settle(payment_event(purchase, kind="payment.processing"), "msg_3")
    assert [one["status"] for one in listed(flask)] == [
        "refund_processed",
        "dispute_processed",
        "recorded",
    ]
    assert all(one["nextAttemptAt"] is None for one in listed(flask))


def test_a_failure_after_success_does_not_hide_the_success(client, app, broken):
    with app.app_context():
        purchase = make_purchase(make_user(0))
        settle(payment_event(purchase), "msg_1")
        db.session.expunge_all()
    broken()
    later = refund_event(amount=500, partial=False)
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    import creditsapp.services.settlement as settlement

    original, settlement.post_unguarded = settlement.post_unguarded, payments.post_unguarded
    try:
        assert deliver(client, later, webhook_id="msg_1").status_code == 500
    finally:
        settlement.post_unguarded = original
    with app.app_context():
        kept = db.session.get(WebhookEvent, "msg_1")
        assert (kept.status, kept.type) == ("credits_added", "payment.succeeded")
