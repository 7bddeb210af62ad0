"""The webhook route: nothing without a signature, nothing twice."""

import json
import threading

import pytest

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, Payment, WebhookEvent
from creditsapp.services import ledger
from tests.builders import deliver, make_purchase, make_user, payment_event
from tests.databases import contents, on_both

pytestmark = on_both


@pytest.fixture
def order(app):
    with app.app_context():
        purchase = make_purchase(make_user(0))
        db.session.expunge_all()
        return purchase


def history(app, purchase):
    with app.app_context():
        return ledger.history(purchase.user_id)[0]


def test_a_signed_payment_adds_its_credits(client, app, order):
    answer = deliver(client, payment_event(order))
    assert (answer.status_code, answer.json) == (200, {"received": True, "status": "credits_added"})
    (entry,) = history(app, order)
    assert (entry.type, entry.amount, entry.purchase_id) == ("purchase", 100, order.id)


def test_the_same_webhook_twenty_times_is_one_entry(client, app, order):
    event = payment_event(order)
    statuses = [deliver(client, event, webhook_id="msg_same").json["status"] for _ in range(20)]
    assert statuses == ["credits_added"] + ["already_processed"] * 19
    assert len(history(app, order)) == 1


def test_the_same_webhook_from_several_threads_is_one_entry(app, order):
    event, statuses, start = payment_event(order), [], threading.Barrier(8)

    def send():
        client = app.test_client()
        start.wait()
        statuses.append(deliver(client, event, webhook_id="msg_same").json["status"])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ["already_processed"] * 7 + ["credits_added"]
    assert len(history(app, order)) == 1


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_an_unsigned_webhook_is_401_and_leaves_nothing(client, order, database_url, missing):
    before = contents(database_url)
    headers = {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    headers.pop(missing)
    answer = client.post("/api/webhooks/dodo", json=payment_event(order), headers=headers)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_signature")
    assert contents(database_url) == before


def test_another_secret_is_401(client, order, database_url):
    before = contents(database_url)
    answer = deliver(client, payment_event(order), secret="whsec_" + "A" * 32)
    assert answer.status_code == 401
    assert contents(database_url) == before


def test_an_old_webhook_is_401(client, order):
    assert deliver(client, payment_event(order), at=1_600_000_000).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"type": 5}', b'{"type": ""}', b"\xff"]
)
def test_a_signed_body_that_is_no_event_is_400(client, body):
    answer = deliver(client, body)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_payload")


def test_a_body_over_256_kb_is_413_before_it_is_hashed(client):
    answer = deliver(client, b"x" * (256 * 1024 + 1))
    assert (answer.status_code, answer.json["error"]) == (413, "payload_too_large")


def test_an_event_is_kept_as_it_came(client, app):
    body = b'{"type": "license_key.created",  "data": {}, "timestamp": "2026-01-01T00:00:00Z"}'
    assert deliver(client, body, webhook_id="msg_odd").json["status"] == "ignored"
    with app.app_context():
        kept = db.session.get(WebhookEvent, "msg_odd")
        assert (kept.payload, kept.type, kept.status) == (body, "license_key.created", "ignored")


def test_a_failure_inside_applies_nothing_is_kept_and_the_retry_succeeds(
    client, app, order, monkeypatch
):
    from creditsapp.services import payments

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(*_args, **_kwargs):
        raise RuntimeError("in the middle")

    event = payment_event(order)
    with monkeypatch.context() as broken:
        broken.setattr(payments, "post_unguarded", fail)
        assert deliver(client, event, webhook_id="msg_retry").status_code == 500
    with app.app_context():
        assert db.session.scalars(db.select(LedgerEntry)).all() == []
        assert db.session.scalars(db.select(Payment)).all() == []
        kept = db.session.get(WebhookEvent, "msg_retry")
        assert (kept.status, kept.attempts) == ("failed", 1)
        assert kept.last_error == "RuntimeError: in the middle"
        assert json.loads(kept.payload) == event
        assert kept.next_attempt_at > kept.received_at
    assert deliver(client, event, webhook_id="msg_retry").json["status"] == "credits_added"
    with app.app_context():
        kept = db.session.get(WebhookEvent, "msg_retry")
        assert (kept.status, kept.attempts, kept.last_error) == ("credits_added", 2, None)
        assert kept.next_attempt_at is None


def test_a_body_that_is_no_event_is_kept_and_replaces_none_that_was_one(client, app, order):
    deliver(client, b"[1]", webhook_id="msg_odd")
    deliver(client, payment_event(order), webhook_id="msg_good")
    assert deliver(client, b"{", webhook_id="msg_good").status_code == 400
    with app.app_context():
        odd, good = (db.session.get(WebhookEvent, f"msg_{name}") for name in ("odd", "good"))
        assert (odd.status, odd.payload, odd.last_error) == (
            "invalid",
            b"[1]",
            "the body is not an event",
        )
        assert (good.status, good.attempts) == ("credits_added", 2)
        assert json.loads(good.payload)["type"] == "payment.succeeded"


def test_without_a_secret_it_says_that_it_is_not_configured(make_app):
    client = make_app(dodo_webhook_secret="").test_client()
    answer = client.post("/api/webhooks/dodo", data=b"{}")
    assert (answer.status_code, answer.json["error"]) == (503, "not_configured")


def test_a_look_at_the_address_is_answered(client):
    answer = client.get("/api/webhooks/dodo")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
