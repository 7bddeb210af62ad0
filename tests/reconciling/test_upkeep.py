"""`flask credits tick` and `worker`: the periodic work, shared and needed by nobody."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from creditsapp.extensions import db
from creditsapp.models import Purchase, WebhookEvent
from creditsapp.services import expiry, holds, payments, purchases, upkeep, webhooks
from creditsapp.services.transaction import now
from tests.builders import (
    let_expire,
    make_purchase,
    make_user,
    overdue_hold,
    payment_event,
    refund_event,
)
from tests.builders import settle as send
from tests.databases import on_postgresql, while_locked
from tests.forks import race
from tests.reconciling.conftest import balance

ROOT = Path(__file__).parents[2]
LOCK = "SELECT 1 FROM {} FOR UPDATE"


def let_time_pass(table, column, by):
    db.session.execute(update(table).values({column: now() - by}))
    db.session.commit()


def fail(*_args, **_options):
    raise RuntimeError("tired")


def test_one_tick_does_all_of_it(shop, flask, monkeypatch):
    holder = make_user(10)
    overdue = overdue_hold(holder)
    forgotten = make_purchase(holder)
    let_time_pass(Purchase, "created_at", timedelta(hours=25))
    buyer = shop.user()
    payment_id = shop.pay(shop.order(buyer))
    with monkeypatch.context() as broken:
        broken.setattr(payments, "post_unguarded", fail)
        with pytest.raises(RuntimeError):
            send(
                payment_event(make_purchase(holder), payment_id="pay_f", business_id=None), "msg_f"
            )
    refund_id = shop.refund(payment_id, 100)
    assert send(refund_event(refund_id, payment_id=payment_id, amount=100), "msg_p") == "parked"
    let_time_pass(WebhookEvent, "next_attempt_at", timedelta(seconds=1))
    answer = flask("credits", "tick")
    assert "holds released: 1\ncheckouts expired: 1\nwebhooks applied: 2\n" in answer.stdout
    assert holds.find(holder, overdue.id).status == "expired"
    assert purchases.find(holder, forgotten.id).status == "expired"
    assert webhooks.find("msg_f").status == "credits_added"
    assert webhooks.find("msg_p").status == "refund_processed"
    assert (balance(holder), balance(buyer)) == (110, 80)


def test_a_second_tick_finds_nothing_to_do(shop, flask):
    shop.pay(shop.order(shop.user()))
    flask("credits", "tick")
    answer = flask("credits", "tick")
    assert answer.exit_code == 0
    assert answer.stdout == (
        "holds released: 0\ncheckouts expired: 0\nwebhooks applied: 0\n"
        "ended sessions forgotten: 0\nold links forgotten: 0\nnetworks forgotten: 0\n"
        "1 payment, 0 refunds, 0 disputes compared: 0 healed, 0 not\n"
        "mails sent: 0\n"
    )


@pytest.mark.parametrize(
    ("status", "hours", "expires"),
    [("pending", 25, True), ("created", 25, True), ("pending", 23, False), ("failed", 25, False)],
)
def test_an_order_expires_with_its_checkout_page(context, status, hours, expires):
    user = make_user(0)
    order = make_purchase(user)
    db.session.execute(update(Purchase).values(status=status))
    let_time_pass(Purchase, "created_at", timedelta(hours=hours))
    assert purchases.expire_forgotten() == expires
    assert (purchases.find(user, order.id).status == "expired") == expires


def test_an_order_whose_payment_is_under_way_does_not_expire(context):
    user = make_user(0)
    order = make_purchase(user)
    send(payment_event(order, kind="payment.failed", payment_id="pay_0"))
    send(payment_event(order, kind="payment.processing"))
    let_time_pass(Purchase, "created_at", timedelta(hours=30))
    assert purchases.expire_forgotten() == 0
    assert send(payment_event(order)) == "credits_added"


@pytest.mark.parametrize(
    ("status", "expires"),
    [
        ("requires_payment_method", True),
        ("requires_customer_action", True),
        ("requires_confirmation", True),
        ("processing", False),
        ("requires_capture", False),
    ],
)
def test_an_order_whose_payment_waits_for_its_buyer_expires(context, status, expires):
    user = make_user(0)
    order = make_purchase(user)
    send(payment_event(order, kind="payment.processing", status=status))
    let_time_pass(Purchase, "created_at", timedelta(hours=23))
    assert purchases.expire_forgotten() == 0
    let_time_pass(Purchase, "created_at", timedelta(hours=25))
    assert purchases.expire_forgotten() == expires
    assert (purchases.find(user, order.id).status == "expired") == expires


def test_an_expired_order_that_is_paid_all_the_same_is_credited(context):
    user = make_user(0)
    order = make_purchase(user)
    let_time_pass(Purchase, "created_at", timedelta(hours=30))
    assert purchases.expire_forgotten() == 1
    assert send(payment_event(order)) == "credits_added"
    assert balance(user) == 100


def test_more_than_a_portion_is_swept(context, monkeypatch):
    monkeypatch.setattr(purchases, "PORTION", 2)
    monkeypatch.setattr(expiry, "PORTION", 2)
    for user in [make_user(10) for _ in range(3)]:
        make_purchase(user)
        two = [holds.hold(user, amount, operation="test") for amount in (2, 3)]
        for hold in two:
            let_expire(hold.id)
    let_time_pass(Purchase, "created_at", timedelta(hours=25))
    assert purchases.expire_forgotten() == 3
    assert expiry.release_expired() == 6


def test_a_webhook_that_fails_again_waits_longer_each_time(shop, monkeypatch):
    monkeypatch.setattr(payments, "post_unguarded", fail)
    with pytest.raises(RuntimeError):
        send(payment_event(make_purchase(make_user(0))), "msg_1")
    waits = []
    for _ in range(12):
        let_time_pass(WebhookEvent, "next_attempt_at", timedelta(seconds=1))
        run(upkeep.sweeps, everything=False)
        event = webhooks.find("msg_1")
        waits.append(round((event.next_attempt_at - now()).total_seconds() / 60))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]
    assert webhooks.find("msg_1").attempts == 13


def run(sweeps, *, everything):
    from creditsapp.dodo import dodo_client
    from creditsapp.services.payments import Terms

    for _name, job in sweeps(dodo_client(), Terms("pdt_sandbox_credits"), everything=everything):
        job()


def test_what_is_not_due_yet_waits(shop, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(payments, "post_unguarded", fail)
        with pytest.raises(RuntimeError):
            send(payment_event(make_purchase(make_user(0))), "msg_1")
    run(upkeep.sweeps, everything=False)
    assert webhooks.find("msg_1").status == "failed"
    run(upkeep.sweeps, everything=True)
    assert webhooks.find("msg_1").status == "credits_added"


def test_a_parked_webhook_of_a_payment_that_dodo_does_not_know_says_so(shop, flask):
    send(refund_event(payment_id="pay_x"), "msg_1")
    let_time_pass(WebhookEvent, "next_attempt_at", timedelta(seconds=1))
    flask("credits", "tick")
    event = webhooks.find("msg_1")
    assert (event.status, event.attempts) == ("parked", 2)
    assert event.last_error == "Dodo does not know its payment"
    assert event.next_attempt_at > now()


def test_a_noted_error_is_gone_once_the_payment_has_come(shop, flask):
    send(refund_event(amount=100), "msg_1")
    let_time_pass(WebhookEvent, "next_attempt_at", timedelta(seconds=1))
    flask("credits", "tick")
    assert webhooks.find("msg_1").last_error == "Dodo does not know its payment"
    send(payment_event(make_purchase(make_user(0))))
    event = db.session.get(WebhookEvent, "msg_1", populate_existing=True)
    assert (event.status, event.last_error) == ("refund_processed", None)
    assert event.next_attempt_at is None


def test_a_parked_webhook_of_a_payment_that_is_not_ours_is_asked_for_once(shop, flask):
    payment_id = shop.control("/sandbox/payments")["payment_id"]
    send(refund_event(payment_id=payment_id, amount=100), "msg_1")
    let_time_pass(WebhookEvent, "next_attempt_at", timedelta(seconds=1))
    flask("credits", "tick")
    event = webhooks.find("msg_1")
    assert (event.status, event.next_attempt_at) == ("parked", None)


def test_a_part_that_fails_does_not_hinder_the_others(shop, flask, monkeypatch):
    overdue_hold(make_user(10))
    monkeypatch.setattr(purchases, "expire_forgotten", fail)
    shop.fault("error", path="/payments")
    answer = flask("credits", "tick")
    assert answer.exit_code == 1
    assert "holds released: 1\n" in answer.stdout
    assert "webhooks applied: 0\n" in answer.stdout
    assert answer.stderr == (
        "checkouts expired: RuntimeError: tired\nreconcile: Dodo failed: it answered 500\n"
    )


def test_many_sweeps_at_once_release_each_hold_once(app):
    with app.app_context():
        for user in [make_user(100) for _ in range(30)]:
            overdue_hold(user, 2)
        db.session.remove()
    assert sum(race(app, [expiry.release_expired] * 6)) == 30


@on_postgresql
def test_a_sweep_passes_over_what_another_has_in_hand(app, database_url):
    with app.app_context():
        user = make_user(10)
        overdue_hold(user, 4)
        make_purchase(user)
        let_time_pass(Purchase, "created_at", timedelta(hours=25))
        db.session.remove()
        with while_locked(app, database_url, LOCK.format("holds"), []):
            assert expiry.release_expired() == 0
        with while_locked(app, database_url, LOCK.format("purchases"), []):
            assert purchases.expire_forgotten() == 0
        assert (expiry.release_expired(), purchases.expire_forgotten()) == (1, 1)


def test_a_worker_works_until_it_is_told_to_stop(shop, database_url):
    user = shop.user()
    shop.pay(shop.order(user))
    db.session.remove()
    words = [sys.executable, "-m", "flask", "--app", "wsgi", "credits", "worker", "--every", "1"]
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "DODO_PAYMENTS_BASE_URL": shop.url,
        "SECRET_KEY": "s",
        "PYTHONUNBUFFERED": "1",
    }
    worker = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 60
        while balance(user) == 0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            db.session.remove()
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=30)
    finally:
        worker.kill()
    assert (worker.returncode, err) == (0, "")
    assert out.startswith("working every 1 second\n")
    assert "credits added (healed)" in out


@pytest.mark.parametrize("every", ["0", "-1", "x", "1e3"])
def test_a_worker_needs_a_length_of_time(flask, every):
    assert flask("credits", "worker", "--every", every).exit_code == 2
