"""Connections that are lost: retried where that is safe, and never called a success."""

import pytest
from sqlalchemy import text

from creditsapp.extensions import db
from creditsapp.services import holds, ledger, posting
from creditsapp.services.errors import HoldClosed, OutcomeUnknown, TryAgainLater
from tests.builders import make_user, spend
from tests.conftest import settings_for
from tests.databases import lose_answers

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def on_postgresql(database_url):
    """SQLite has no connection that could be lost."""
    return database_url.startswith("postgresql")


def cut_all_connections():
    """What a failover does to the connections of the pool."""
    with db.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
        )
        connection.commit()


def test_a_connection_lost_between_reading_and_spending_is_replaced(on_postgresql):
    user = make_user(50)
    ledger.balance(user)
    if on_postgresql:
        cut_all_connections()
    assert spend(user, 1).number == 2
    ledger.balance(user)
    if on_postgresql:
        cut_all_connections()
    assert holds.hold(user, 5, operation="test").status == "held"


def lose_the_answer(monkeypatch, *, and_stay_away):
    """Post once for real and lose the connection before the answer is read."""
    original, lost = posting.post, []

    def post(connection, movement):
        if lost and not and_stay_away:
            return original(connection, movement)
        if not lost:
            original(connection, movement)
        lost.append(movement)
        connection.connection.dbapi_connection.close()
        connection.execute(text("SELECT 1"))

    monkeypatch.setattr(ledger, "post", post)


def test_an_answer_that_was_lost_is_found_again_by_its_key(monkeypatch, on_postgresql):
    user = make_user(50)
    if on_postgresql:
        lose_the_answer(monkeypatch, and_stay_away=False)
    assert spend(user, 1).number == 2
    assert ledger.balance(user).balance == 49


def test_an_outcome_that_stays_unknown_is_never_called_a_refusal(monkeypatch, on_postgresql):
    user = make_user(50)
    if on_postgresql:
        lose_the_answer(monkeypatch, and_stay_away=True)
        with pytest.raises(OutcomeUnknown):
            spend(user, 1, key="k")
        monkeypatch.undo()
    assert spend(user, 1, key="k").number == 2
    assert ledger.balance(user).balance == 49


CANCELLED = text(
    "DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication due to user request'"
    " USING ERRCODE = '01000'; END $$"
)


def warn_once(monkeypatch, module):
    """Let PostgreSQL warn, once, as it does when a commit's wait for its standby is cancelled."""
    warned = []

    def post(connection, movement):
        entry = posting.post(connection, movement)
        if not warned:
            warned.append(movement)
            connection.execute(CANCELLED)
        return entry

    monkeypatch.setattr(module, "post", post)


def test_a_commit_that_no_standby_has_is_not_called_a_success(monkeypatch, on_postgresql):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    if on_postgresql:
        warn_once(monkeypatch, holds)
        with pytest.raises(OutcomeUnknown):
            holds.capture(user, held.id)
    else:
        holds.capture(user, held.id)
    with pytest.raises(HoldClosed):
        holds.capture(user, held.id)


def test_a_capture_that_no_standby_has_is_settled_by_its_key(monkeypatch, on_postgresql):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    if on_postgresql:
        warn_once(monkeypatch, holds)
    assert holds.capture(user, held.id, key="c").number == 2
    assert ledger.balance(user).version == 2


def test_the_lost_answer_of_a_capture_is_found_again_by_its_key(monkeypatch):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    lose_answers(monkeypatch, holds)
    assert holds.capture(user, held.id, 3, key="c").number == 2
    assert ledger.balance(user).available == 47


def test_a_capture_whose_answer_stays_lost_can_be_repeated_by_its_key(monkeypatch):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    lose_answers(monkeypatch, holds, times=9)
    with pytest.raises(OutcomeUnknown):
        holds.capture(user, held.id, 3, key="c")
    monkeypatch.undo()
    assert holds.capture(user, held.id, 3, key="c").number == 2
    assert ledger.balance(user).available == 47


def test_a_warning_of_an_earlier_transaction_is_not_held_against_the_next(on_postgresql):
    user = make_user(50)
    if on_postgresql:
        db.session.execute(CANCELLED)
        db.session.rollback()
    assert holds.hold(user, 5, operation="test").status == "held"


def test_a_spend_that_no_standby_has_is_settled_by_its_key(monkeypatch, on_postgresql):
    user = make_user(50)
    if on_postgresql:
        warn_once(monkeypatch, ledger)
    assert spend(user, 1).number == 2
    assert ledger.balance(user).version == 2


def test_a_database_that_stays_locked_is_busy_and_nothing_changes(
    monkeypatch, make_app, database_url, on_postgresql
):
    import sqlite3

    user = make_user(50)
    db.session.remove()
    if on_postgresql:
        return  # PostgreSQL locks rows, and a waiting writer gets its turn
    monkeypatch.setattr("creditsapp.database.LOCK_SECONDS", 0.2)
    other = sqlite3.connect(settings_for(database_url).database_url.removeprefix("sqlite:///"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryAgainLater):
        spend(user, 1)
    other.rollback()
    other.close()
    assert ledger.balance(user).balance == 50
