"""The edges of the webhook route: sizes, headers, odd events, and a database that refuses."""

import json
import time
from io import BytesIO

import psycopg
import pytest

from creditsapp.dodo.signature import sign
from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, WebhookEvent
from creditsapp.webhooks import views
from tests.builders import (
    deliver,
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
)
from tests.builders import event as event_of
from tests.databases import contents, execute, on_both
from tests.servers import WEBHOOK_SECRET

pytestmark = on_both

LIMIT = 256 * 1024


@pytest.fixture
def order(app):
    with app.app_context():
        purchase = make_purchase(make_user(0))
        db.session.expunge_all()
        return purchase


def filled(size):
    """An event of so many bytes."""
    empty = len(json.dumps({"type": "odd", "filling": ""}))
    return json.dumps({"type": "odd", "filling": "x" * (size - empty)}).encode()


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_a_body_of_256_kb_is_read_and_kept(client, app, size):
    assert deliver(client, filled(size), webhook_id="msg_large").status_code == 200
    with app.app_context():
        assert len(db.session.get_one(WebhookEvent, "msg_large").payload) == size


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_a_larger_body_is_refused_before_it_is_hashed(client, database_url, monkeypatch, size):
    before = contents(database_url)
    monkeypatch.setattr(views, "verify", lambda *_arguments, **_options: pytest.fail("hashed"))
    answer = deliver(client, filled(size))
    assert (answer.status_code, answer.json["error"]) == (413, "payload_too_large")
    assert contents(database_url) == before


def in_chunks(client):
    """A post as a server hands it on that came with `Transfer-Encoding: chunked`."""

    def post(path, *, data, headers):
        chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        return client.open(
            path,
            method="POST",
            input_stream=BytesIO(data),
            headers=headers,
            environ_overrides=chunked,
        )

    return post


def test_a_body_in_chunks_is_credited_as_any_other(client, order, monkeypatch):
    monkeypatch.setattr(client, "post", in_chunks(client))
    assert deliver(client, payment_event(order)).json["status"] == "credits_added"


MALFORMED = [
    ("webhook-id", ""),
    ("webhook-id", "two words"),
    ("webhook-id", "x" * 256),
    ("webhook-id", "ü"),
    ("webhook-id", "tab\t"),
    ("webhook-timestamp", ""),
    ("webhook-timestamp", "soon"),
    ("webhook-timestamp", "{now}.0"),
    ("webhook-timestamp", "+{now}"),
    ("webhook-timestamp", "0{now}"),
    ("webhook-timestamp", "-{now}"),
    ("webhook-timestamp", "{now}e0"),
    ("webhook-timestamp", "NaN"),
    ("webhook-timestamp", "9" * 400),
    ("webhook-timestamp", "{now},{now}"),
    ("webhook-signature", ""),
    ("webhook-signature", " "),
    ("webhook-signature", ","),
    ("webhook-signature", "v1"),
    ("webhook-signature", "v1,"),
    ("webhook-signature", "v1,ü"),
    ("webhook-signature", "v1,===="),
    ("webhook-signature", "v1," + "A" * 100_000),
    ("webhook-signature", "v1,x " * 10_000),
]


def test_a_malformed_header_is_401_and_leaves_nothing(client, order, database_url):
    before, now = contents(database_url), int(time.time())
    body = json.dumps(payment_event(order)).encode()
    for name, written in MALFORMED:
        value = written.replace("{now}", str(now))
        signed_id = value if name == "webhook-id" else "msg_1"
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(now),
            "webhook-signature": sign(signed_id, now, body, WEBHOOK_SECRET),
        }
        answer = client.post("/api/webhooks/dodo", data=body, headers=headers | {name: value})
        refused = (answer.status_code, answer.json["error"])
        assert refused == (401, "invalid_signature"), (name, value[:50])
    assert contents(database_url) == before


@pytest.mark.parametrize(
    "body",
    [
        event_of("payment.completed", {"payment_id": "pay_1"}),
        event_of("license_key.created", {}),
        event_of("x" * 5000, None),
        event_of("payment.succeeded", None),
        event_of("payment.succeeded", []),
        event_of("payment.succeeded", "pay_1"),
        event_of("payment.succeeded", {"payment_id": {"a": 1}, "status": ["succeeded"]}),
        event_of("refund.succeeded", None),
        refund_event(amount="100"),
        refund_event(amount=True),
        refund_event(amount=1.5),
        refund_event(amount=10**30),
        refund_event(status="done"),
        refund_event() | {"timestamp": None},
        dispute_event(amount={"cents": 1}),
        dispute_event(dispute_status="dispute_unheard_of"),
        {"type": "payment.succeeded"},
        {"type": "dispute.opened", "data": 5, "timestamp": []},
    ],
)
def test_an_odd_event_is_answered_and_kept_as_it_came(client, app, body):
    raw = json.dumps(body).encode()
    for _ in range(2):
        answer = deliver(client, raw, webhook_id="msg_odd")
        assert (answer.status_code, answer.json["received"]) == (200, True)
    with app.app_context():
        assert db.session.get_one(WebhookEvent, "msg_odd").payload == raw
        assert db.session.scalars(db.select(LedgerEntry)).all() == []


WRITES = [
    ("webhook_events", "INSERT"),
    ("payments", "INSERT"),
    ("payments", "UPDATE"),
    ("purchases", "UPDATE"),
    ("wallets", "UPDATE"),
    ("ledger_entries", "INSERT"),
]


@pytest.mark.parametrize(("table", "act"), WRITES, ids=[f"{act} {table}" for table, act in WRITES])
def test_what_the_database_refuses_leaves_nothing_and_the_retry_succeeds(
    client, app, order, database_url, table, act
):
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    body = payment_event(order)
    before = effects(database_url)
    refuse(database_url, table, act)
    try:
        assert deliver(client, body, webhook_id="msg_retried").status_code >= 500
    finally:
        allow(database_url, table)
    assert effects(database_url) == before
    assert deliver(client, body, webhook_id="msg_retried").json["status"] == "credits_added"


def effects(url):
    """All rows but the inbox's, which may keep that something failed."""
    found = contents(url)
    del found["webhook_events"]
    return found


def refuse(url, table, act):
    if url.startswith("sqlite"):
        execute(
            url,
            f"CREATE TRIGGER refuse BEFORE {act} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'refused by a test'); END",
        )
        return
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'refused by a test'; END $$"
        )
        connection.execute(
            f"CREATE TRIGGER refuse BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )


def allow(url, table):
    if url.startswith("sqlite"):
        execute(url, "DROP TRIGGER refuse")
        return
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TRIGGER refuse ON {table}")
        connection.execute("DROP FUNCTION refuse")


def test_a_body_in_chunks_that_is_too_large_is_413(client, monkeypatch):
    monkeypatch.setattr(views, "verify", lambda *_arguments, **_options: pytest.fail("hashed"))
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    body = BytesIO(b"x" * (LIMIT + 1))
    answer = client.post("/api/webhooks/dodo", environ_overrides=chunked, input_stream=body)
    assert (answer.status_code, answer.json["error"]) == (413, "payload_too_large")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_at_the_edge_of_the_calendar_waits_for_a_person(client, moment):
    answer = deliver(client, dispute_event("opened") | {"timestamp": moment})
    assert (answer.status_code, answer.json["status"]) == (200, "review")
