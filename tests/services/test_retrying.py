"""What passes is tried again; what does not pass is 503 and changes nothing."""

import resource
import sqlite3
from pathlib import Path

import pytest

from creditsapp.extensions import db
from creditsapp.models.types import InvalidAmount
from creditsapp.services import holds, ledger
from creditsapp.services.errors import OutcomeUnknown, TryAgainLater
from creditsapp.services.ledger import Usage
from tests.builders import csrf_token, make_user, register, spend
from tests.databases import contents, on_postgresql, on_sqlite
from tests.faults.refusals import refusing

PASSING = ["40001", "40P01", "25006", "57P01", "57P02", "57P03", "08000", "08006"]
LASTING = ["55P03", "53100", "53200"]

ACTS = {
    "spend": lambda user: spend(user, 1),
    "spend_many": lambda user: ledger.spend_many(user, [Usage(1, "test"), Usage(2, "test")]),
    "grant": lambda user: ledger.grant(user, 5, description="test"),
    "adjust": lambda user: ledger.adjust(user, -5, description="test"),
    "hold": lambda user: holds.hold(user, 5, operation="test"),
}


@on_postgresql
@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("sqlstate", PASSING)
def test_a_passing_refusal_is_tried_again(database_url, sqlstate, act):
    user = make_user(50)
    with refusing(database_url, sqlstate, times=2) as attempts:
        ACTS[act](user)
        assert attempts() >= 3
    found = ledger.balance(user)
    assert (found.version > 1) != (found.held > 0)


@on_postgresql
@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("sqlstate", PASSING[:2] + LASTING)
def test_a_refusal_that_stays_is_told_and_changes_nothing(database_url, sqlstate, act):
    user = make_user(50)
    before = contents(database_url)
    with refusing(database_url, sqlstate, times=1000) as attempts:
        with pytest.raises(TryAgainLater):
            ACTS[act](user)
        assert (attempts() == 1) == (sqlstate in LASTING)
        db.session.remove()
    assert contents(database_url) == before


@on_postgresql
@pytest.mark.parametrize("sqlstate", ["40001", "53100", "57P01"])
def test_a_refusal_that_stays_is_503_over_http(app, database_url, sqlstate):
    browser = app.test_client()
    register(browser)
    headers = {"X-CSRFToken": csrf_token(browser.get("/studio/").text)}

    def operate():
        return browser.post(
            "/api/operations/theme_generation", json={"prompt": "sea"}, headers=headers
        )

    with refusing(database_url, sqlstate, times=1000):
        answer = operate()
    assert answer.status_code == 503
    assert answer.json["error"] == "try_again"
    assert int(answer.headers["Retry-After"]) > 0
    again = operate()
    assert (again.status_code, again.json["creditsRemaining"]) == (201, 49)


@pytest.fixture
def lock(monkeypatch, database_url):
    """Another writer who does not let go, and little patience."""
    monkeypatch.setattr("creditsapp.database.timeouts.LOCK_SECONDS", 0.2)
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), check_same_thread=False)

    def take():
        db.session.remove()
        other.execute("BEGIN IMMEDIATE")

    yield take
    other.rollback()
    other.close()


@on_sqlite
@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("act", ACTS)
def test_a_sqlite_that_stays_locked_is_busy_and_nothing_changes(database_url, lock, act):
    user = make_user(50)
    before = contents(database_url)
    lock()
    with pytest.raises(TryAgainLater):
        ACTS[act](user)
    assert contents(database_url) == before


@on_postgresql
@pytest.mark.usefixtures("context")
def test_a_lock_that_another_session_keeps_is_not_waited_for_for_ever(database_url, monkeypatch):
    monkeypatch.setattr("creditsapp.database.timeouts.LOCK_SECONDS", 0.3)
    db.engine.dispose()
    user = make_user(50)
    with db.engine.connect().execution_options(writes=True) as other:
        other.exec_driver_sql(f"SELECT 1 FROM wallets WHERE user_id = {user} FOR UPDATE")
        with pytest.raises(TryAgainLater):
            spend(user, 1)
    assert ledger.balance(user).version == 1
    db.session.remove()
    db.engine.dispose()


@pytest.mark.usefixtures("context")
def test_a_bug_is_not_taken_for_a_passing_refusal(database_url):
    user = make_user(50)
    with pytest.raises(InvalidAmount):
        ledger.grant(user, 10**12, description="beyond what can be kept")


@on_sqlite
@pytest.mark.usefixtures("context")
def test_a_sqlite_that_cannot_write_leaves_the_outcome_unknown(database_url):
    user = make_user(50)
    log = Path(database_url.removeprefix("sqlite:///") + "-wal")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        with pytest.raises(OutcomeUnknown):
            spend(user, 1, key="k")
        with pytest.raises(OutcomeUnknown):
            ledger.grant(user, 1, description="test", key="g")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
    spend(user, 1, key="k")
    ledger.grant(user, 1, description="test", key="g")
    assert ledger.balance(user).version == 3
