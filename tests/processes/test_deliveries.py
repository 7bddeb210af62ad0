"""Webhooks of one payment from many processes at the same instant: each counts once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from creditsapp.dodo.signature import sign
from creditsapp.extensions import db
from creditsapp.services import ledger, verification
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
)
from tests.forks import coming_again, fork, race
from tests.formula import granted_and_taken
from tests.servers import WEBHOOK_SECRET, Servers

pytestmark = pytest.mark.processes

DELIVERIES = 50
ROUNDS = 30


@pytest.fixture
def order(app):
    """Five dollars' worth of credits for somebody who has none."""
    with app.app_context():
        purchase = make_purchase(make_user(0))
        db.session.expunge_all()
        return purchase


def only_entry(app, order):
    """The one entry of the wallet; everything verifies."""
    with app.app_context():
        assert verification.verify().problems == []
        (entry,) = ledger.history(order.user_id)[0]
        return entry.type, entry.amount, entry.balance_after


@pytest.mark.parametrize("ids", [1, DELIVERIES], ids=["one id", "an id each"])
def test_fifty_deliveries_of_a_payment_at_once_are_one_grant(app, order, ids):
    event = payment_event(order)

    def delivery(number):
        return lambda: coming_again(settle, event, webhook_id=f"msg_{number % ids}")

    outcomes = race(app, [delivery(number) for number in range(DELIVERIES)])
    assert sorted(outcomes) == ["already_processed"] * (DELIVERIES - 1) + ["credits_added"]
    assert only_entry(app, order) == ("purchase", 100, 100)


@pytest.mark.parametrize("ids", [1, 2], ids=["one id", "two ids"])
def test_a_payment_that_is_processing_and_one_that_succeeded_race_and_it_is_paid(app, order, ids):
    bodies = [payment_event(order, kind="payment.processing"), payment_event(order)]

    def delivery(number):
        return lambda: coming_again(settle, bodies[number % 2], webhook_id=f"msg_{number % ids}")

    outcomes = race(app, [delivery(number) for number in range(20)])
    assert outcomes.count("credits_added") == 1
    assert set(outcomes) <= {"credits_added", "already_processed", "recorded"}
    assert only_entry(app, order) == ("purchase", 100, 100)


def test_of_two_payments_of_an_order_at_once_one_is_credited_and_the_other_waits(app, order):
    def delivery(number):
        event = payment_event(order, payment_id=f"pay_{number % 2}")
        return lambda: coming_again(settle, event, webhook_id=f"msg_{number}")

    outcomes = race(app, [delivery(number) for number in range(20)])
    assert outcomes.count("credits_added") == 1
    assert outcomes.count("already_processed") == 9
    assert outcomes.count("review") == 10
    assert only_entry(app, order) == ("purchase", 100, 100)


def test_refunds_disputes_and_the_payment_at_once_end_as_the_formula_says(app):
    with app.app_context():
        orders = [make_purchase(make_user(0), 1 + number % 7) for number in range(ROUNDS)]
        db.session.expunge_all()
    stories = [story(order) for order in orders]
    start = fork.Barrier(len(stories[0]))

    def messenger(position):
        def deliver():
            for number, events in enumerate(stories):
                turned = (position + number) % len(events)
                start.wait(60)
                settle(events[turned], webhook_id=f"msg_{number}_{turned}")
            return "done"

        return deliver

    outcomes = race(app, [messenger(position) for position in range(len(stories[0]))])
    assert outcomes == ["done"] * len(stories[0])
    with app.app_context():
        assert verification.verify().problems == []
        for order, events in zip(orders, stories, strict=True):
            granted, taken = granted_and_taken(order.credits, events)
            assert ledger.balance(order.user_id).balance == granted - taken
            assert 0 < taken < granted


def story(order):
    """A payment, two refunds that divide nothing, and a dispute that is won in the end."""
    payment = f"pay_{order.id}"
    news = [
        refund_event(f"ref_{number}_{order.id}", payment_id=payment, amount=amount)
        for number, amount in enumerate((17, 23))
    ]
    for status in ("opened", "won"):
        time.sleep(0.001)
        news.append(dispute_event(status, f"dp_{order.id}", payment_id=payment))
    processing = payment_event(order, kind="payment.processing", payment_id=payment)
    return [payment_event(order, payment_id=payment), processing, *news]


def test_fifty_requests_at_once_to_the_served_app_are_one_grant(app, order, database_url, tmp_path):
    raw, sent = json.dumps(payment_event(order)).encode(), int(time.time())
    start = Barrier(DELIVERIES)

    def post(number):
        webhook_id = f"msg_{number % 25}"
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(sent),
            "webhook-signature": sign(webhook_id, sent, raw, WEBHOOK_SECRET),
        }
        start.wait(60)
        url = f"{servers.url}/api/webhooks/dodo"
        return httpx.post(url, content=raw, headers=headers, timeout=60)

    servers = Servers(database_url, tmp_path)
    with servers.app_alone(), ThreadPoolExecutor(DELIVERIES) as threads:
        answers = list(threads.map(post, range(DELIVERIES)))
    assert {answer.status_code for answer in answers} == {200}
    statuses = sorted(answer.json()["status"] for answer in answers)
    assert statuses == ["already_processed"] * (DELIVERIES - 1) + ["credits_added"]
    assert only_entry(app, order) == ("purchase", 100, 100)
