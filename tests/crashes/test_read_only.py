"""A database that may only be read: refused in words, nothing changes, and it heals by itself."""

import sqlite3
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import event

from creditsapp.extensions import db
from creditsapp.services import ledger
from tests.builders import csrf_token, deliver, make_purchase, make_user, payment_event, register
from tests.databases import contents
from tests.forks import let_go


@contextmanager
def read_only(app, url):
    """Let nobody write: PostgreSQL says so from now on, SQLite to whoever opens its file."""
    if url.startswith("sqlite"):
        with app.app_context():
            engine = db.engine
        let_go(app)
        event.listen(engine, "connect", _query_only)
        try:
            yield
        finally:
            event.remove(engine, "connect", _query_only)
            let_go(app)
        return
    url = url.replace("+psycopg", "")
    _tell_postgresql(url, "on")
    try:
        yield
    finally:
        _tell_postgresql(url, "off")


def _query_only(connection: sqlite3.Connection, _record):
    connection.execute("PRAGMA query_only = ON")


def _tell_postgresql(url, value):
    """Tell the server, and wait until those hear of it who come now."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_reload_conf()")
    while True:
        with psycopg.connect(url) as connection:
            if connection.execute("SHOW default_transaction_read_only").fetchone() == (value,):
                return


@pytest.fixture
def ask(client):
    """One operation by its key."""
    register(client)
    token = csrf_token(client.get("/studio/").text)
    headers = {"X-CSRFToken": token, "Idempotency-Key": "k"}

    def ask():
        return client.post(
            "/api/operations/theme_generation", json={"prompt": "the sea"}, headers=headers
        )

    return ask


def test_an_operation_on_a_database_that_may_only_be_read_changes_nothing_and_works_later(
    app, client, database_url, ask
):
    before = contents(database_url)
    with read_only(app, database_url):
        answer = ask()
        assert (answer.status_code, answer.json["error"]) == (503, "try_again")
        assert "Nothing was changed" in answer.json["message"]
        assert answer.headers["Retry-After"]
        assert client.get("/api/credits/balance").json["balance"] == 50
        assert contents(database_url) == before
    assert ask().status_code == 201
    assert client.get("/api/credits/balance").json["balance"] == 49


def test_a_webhook_for_a_database_that_may_only_be_read_is_sent_again_and_credits_once(
    app, client, database_url
):
    with app.app_context():
        user = make_user(0)
        event = payment_event(make_purchase(user))
    before = contents(database_url)
    with read_only(app, database_url):
        assert deliver(client, event, webhook_id="msg_1").status_code == 503
        assert contents(database_url) == before
    for _ in range(2):
        assert deliver(client, event, webhook_id="msg_1").status_code == 200
    with app.app_context():
        assert ledger.balance(user).balance == 100
