"""Webhooks are signed, sent again after a failure, and outlive a restart."""

import base64
import hashlib
import hmac
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask

from creditsapp.sandbox import create_sandbox, outbox, sender

from .conftest import API_KEY, SECRET, Receiver, Sandbox


def wait_for(receiver: Receiver, count: int) -> None:
    """Wait until a number of webhooks has come."""
    deadline = time.monotonic() + 60
    while len(receiver.received) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(receiver.received) == count


def deliveries(sandbox: Sandbox, payment_id: str) -> list[outbox.Delivery]:
    with sandbox.app.extensions["sandbox"].store.reading() as tx:
        return outbox.of_payment(tx, payment_id)


def test_the_signature_is_that_of_standard_webhooks(sandbox: Sandbox) -> None:
    sandbox.paid()
    sandbox.deliver()
    [(headers, body)] = sandbox.receiver.received
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5


def test_the_first_of_several_secrets_signs(tmp_path: Path) -> None:
    app = create_sandbox(
        database=tmp_path / "other.sqlite",
        api_key=None,
        webhook_secret=f"{SECRET}, whsec_{'A' * 32}",
        webhook_url=None,
    )
    assert app.extensions["sandbox"].webhook_secret == SECRET


def test_a_refused_webhook_comes_again_with_its_id_and_the_latest_state(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    sandbox.receiver.answers[:] = [500]
    now = time.time()
    assert sandbox.deliver(now) == 1
    assert sandbox.deliver(now) == 0
    sandbox.control(f"payments/{payment_id}/refund", amount=200)
    assert sandbox.deliver(now + 1000) == 2
    assert sorted(sandbox.receiver.types[1:]) == ["payment.succeeded", "refund.succeeded"]
    refund = sandbox.receiver.received.pop(sandbox.receiver.types.index("refund.succeeded"))
    first, again = sandbox.receiver.received
    assert first[0]["webhook-id"] == again[0]["webhook-id"] != refund[0]["webhook-id"]
    assert int(again[0]["webhook-timestamp"]) == int(now + 1000)
    bodies = sandbox.receiver.bodies
    assert [bodies[0]["data"]["refunds"], bodies[1]["data"]["refund_status"]] == [[], "partial"]
    assert bodies[0]["timestamp"] == bodies[1]["timestamp"]


def test_a_webhook_is_given_up_after_eight_attempts(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    sandbox.receiver.answers[:] = [500, 302, 404, 503, 500, 500, 500, 500]
    now = time.time()
    made = [sandbox.deliver(now + day * 86400) for day in range(10)]
    assert sum(made) == len(outbox.RETRY_DELAYS) == 8
    [delivery] = deliveries(sandbox, payment_id)
    assert (delivery.state, delivery.attempts, delivery.last_answer) == ("failed", 8, "500")


def test_two_processes_never_send_the_same_attempt(sandbox: Sandbox) -> None:
    sandbox.paid()
    store = sandbox.app.extensions["sandbox"].store
    now = time.time()
    first = outbox.claim(store, now)
    assert first is not None
    assert outbox.claim(store, now + 29) is None
    second = outbox.claim(store, now + 31)
    assert second is not None and second.id == first.id
    outbox.record(store, first, ok=True, answer="200", now=now + 32, clock=1)
    [delivery] = deliveries(sandbox, first.payment_id)
    assert delivery.state == "pending"


def test_an_unreachable_receiver_is_tried_again(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    configured = sandbox.app.extensions["sandbox"]
    sandbox.app.extensions["sandbox"] = replace(configured, webhook_url="http://127.0.0.1:9/hook")
    sandbox.deliver()
    [delivery] = deliveries(sandbox, payment_id)
    assert (delivery.state, delivery.last_answer) == ("pending", "ConnectError")


def test_the_thread_sends_at_once_and_retries_by_itself(sandbox: Sandbox) -> None:
    sandbox.receiver.answers[:] = [500]
    sender.start(sandbox.app)
    sender.start(sandbox.app)
    try:
        sandbox.paid()
        wait_for(sandbox.receiver, 2)
    finally:
        sender.stop(sandbox.app)


def test_webhooks_survive_a_restart(sandbox: Sandbox, app: Flask, tmp_path: Path) -> None:
    payment_id = sandbox.paid()
    restarted = create_sandbox(
        database=tmp_path / "sandbox.sqlite",
        api_key=API_KEY,
        webhook_secret=SECRET,
        webhook_url=None,
    )
    sender.start(restarted)
    try:
        wait_for(sandbox.receiver, 1)
    finally:
        sender.stop(restarted)
    assert sandbox.receiver.bodies[0]["data"]["payment_id"] == payment_id


def test_a_processing_payment_succeeds_by_itself(sandbox: Sandbox) -> None:
    sender.start(sandbox.app)
    try:
        answer = sandbox.pay(sandbox.checkout(), outcome="processing")
        assert "status=processing" in answer.headers["Location"]
        wait_for(sandbox.receiver, 2)
    finally:
        sender.stop(sandbox.app)
    assert sandbox.receiver.types == ["payment.processing", "payment.succeeded"]


def test_a_lost_webhook_can_be_sent_by_hand(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid(without_webhook="1")
    assert sandbox.deliver() == 0
    [delivery] = deliveries(sandbox, payment_id)
    assert delivery.state == "withheld"
    sandbox.control(f"deliveries/{delivery.id}/replay")
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded"]


def test_a_webhook_is_replayed_under_its_own_or_a_new_id(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    sandbox.deliver()
    [delivery] = deliveries(sandbox, payment_id)
    again = sandbox.control(f"deliveries/{delivery.id}/replay").json()
    new = sandbox.control(f"deliveries/{delivery.id}/replay", newId=True).json()
    assert again["webhook_id"] == delivery.id != new["webhook_id"]
    sandbox.deliver()
    ids = [headers["webhook-id"] for headers, _ in sandbox.receiver.received]
    assert sorted(ids) == sorted([delivery.id, delivery.id, new["webhook_id"]])


def test_webhooks_go_to_the_address_that_is_configured_now(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    store = sandbox.app.extensions["sandbox"].store
    with store.transaction() as tx:
        tx.connection.execute("UPDATE deliveries SET url = 'http://127.0.0.1:9/hook'")
    sandbox.deliver()
    [delivery] = deliveries(sandbox, payment_id)
    assert (delivery.state, delivery.last_answer) == ("delivered", "200")
