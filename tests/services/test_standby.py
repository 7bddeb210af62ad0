"""A PostgreSQL whose standby is away: a commit waits for it, and is never called a success."""

import threading
from contextlib import contextmanager

import psycopg
import pytest

from creditsapp.database.postgresql import BoundedConnection
from creditsapp.extensions import db
from creditsapp.services import holds, ledger
from creditsapp.services.errors import OutcomeUnknown, TryAgainLater
from creditsapp.services.ledger import Usage
from tests.builders import make_user, spend
from tests.databases import on_postgresql

pytestmark = [on_postgresql, pytest.mark.usefixtures("context")]

ACTS = {
    "spend": lambda user, held: spend(user, 1, key="k"),
    "spend_many": lambda user, held: ledger.spend_many(user, [Usage(1, "test", key="k")])[0],
    "grant": lambda user, held: ledger.grant(user, 5, description="test", key="k"),
    "capture": lambda user, held: holds.capture(user, held, 1, key="k"),
}

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def standby(database_url, monkeypatch):
    """Says `away` while no standby answers, with little patience on our side."""
    url = database_url.replace("+psycopg", "")

    def choose(connection, name):
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        connection.execute("SELECT pg_reload_conf()")

    def commit_something():
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(true, 'probe', '')")

    @contextmanager
    def away():
        db.session.remove()
        with psycopg.connect(url, autocommit=True) as connection:
            choose(connection, "nobody")
            probe = threading.Thread(target=commit_something)
            probe.start()
            while connection.execute(WAITING).fetchone() is None:
                if not probe.is_alive():  # the server has not heard of it yet
                    probe = threading.Thread(target=commit_something)
                    probe.start()
            try:
                with monkeypatch.context() as impatient:
                    impatient.setattr(BoundedConnection, "deadline", 0.2)
                    yield connection
            finally:
                choose(connection, "")
                probe.join()

    return away


@pytest.mark.parametrize("act", ACTS)
def test_a_commit_that_waits_for_a_standby_is_unknown_and_settled_once_it_is_back(standby, act):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test").id
    with standby():
        with pytest.raises(OutcomeUnknown):
            ACTS[act](user, held)
    assert ACTS[act](user, held).number == 2
    assert ledger.balance(user).version == 2


@pytest.mark.parametrize("act", ACTS)
def test_a_wait_that_an_operator_cancels_makes_no_success_of_a_commit(standby, act):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test").id
    with standby() as connection:

        def cancel():
            while not over.wait(0.02):
                for (pid,) in connection.execute(WAITING).fetchall():
                    connection.execute(f"SELECT pg_cancel_backend({pid})")

        over = threading.Event()
        canceller = threading.Thread(target=cancel)
        canceller.start()
        try:
            with pytest.raises(OutcomeUnknown):
                ACTS[act](user, held)
        finally:
            over.set()
            canceller.join()
    assert ACTS[act](user, held).number == 2
    assert ledger.balance(user).version == 2


@pytest.mark.parametrize("act", ACTS)
def test_what_only_this_server_has_is_not_told_to_who_asks_by_its_key(standby, act):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test").id
    ACTS[act](user, held)
    with standby():
        with pytest.raises((OutcomeUnknown, TryAgainLater)):
            ACTS[act](user, held)
    assert ACTS[act](user, held).number == 2
