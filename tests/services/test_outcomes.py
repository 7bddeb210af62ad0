"""Connections that are lost or fall silent: retried where that is safe, never called a success."""

import time
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from creditsapp.database.postgresql import BoundedConnection
from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.services import holds, ledger, posting, transaction
from creditsapp.services.errors import HoldClosed, OutcomeUnknown, TryAgainLater
from creditsapp.services.ledger import Usage
from creditsapp.services.transaction import snapshot
from tests.builders import make_user, spend
from tests.conftest import settings_for
from tests.databases import on_postgresql
from tests.faults.proxy import Proxy

pytestmark = on_postgresql  # SQLite has no connection that could be lost


@pytest.fixture
def wire(database_url):
    """The wire between the app and its database."""
    proxy = Proxy(database_url)
    yield proxy
    proxy.close()


@pytest.fixture
def far(wire, make_app, database_url, monkeypatch):
    """The services on an app that reaches its database by that wire, with little patience."""
    monkeypatch.setattr(BoundedConnection, "deadline", 0.5)
    app = make_app(database_url=wire.url(settings_for(database_url).database_url))
    with app.app_context():
        yield app
        wire.refusing = False
        db.session.remove()
        db.engine.dispose()


KEYED = {
    "spend": lambda user: spend(user, 1, key="k"),
    "spend_many": lambda user: ledger.spend_many(user, [Usage(1, "test", key="k")])[0],
    "grant": lambda user: ledger.grant(user, 5, description="test", key="k"),
    "adjust": lambda user: ledger.adjust(user, -5, description="test", key="k"),
    "refund_usage": lambda user: ledger.refund_usage(usage_of(user), 1, key="k"),
}
COMMITS = dict.fromkeys(KEYED, "COMMIT")
COMMITS |= dict.fromkeys(["spend", "spend_many"], "UPDATE wallets")


def usage_of(user):
    """The usage of `somebody`, without a look at the database."""
    return LedgerEntry(user_id=user, number=2, amount=Decimal(-2), type="usage", operation="test")


def somebody():
    """A user with 50 credits and a usage of 2."""
    user = make_user(52)
    spend(user, 2)
    return user


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("act", KEYED)
def test_an_answer_that_was_lost_is_found_again_by_its_key(wire, act):
    user = somebody()
    wire.react("cut", COMMITS[act])
    assert KEYED[act](user).number == 3
    assert wire.seen == 1
    assert ledger.balance(user).version == 3


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("act", KEYED)
def test_an_outcome_that_stays_unknown_is_never_called_a_refusal(wire, act):
    user = somebody()
    wire.react("leave", COMMITS[act])
    with pytest.raises(OutcomeUnknown):
        KEYED[act](user)
    wire.refusing = False
    assert KEYED[act](user).number == 3
    assert ledger.balance(user).version == 3


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("act", KEYED)
def test_a_commit_that_hangs_is_closed_after_a_while_and_settled_by_its_key(wire, act):
    user = somebody()
    wire.react("silence", COMMITS[act])
    began = time.monotonic()
    assert KEYED[act](user).number == 3
    assert time.monotonic() - began >= 0.5
    assert ledger.balance(user).version == 3


@pytest.mark.usefixtures("far")
def test_the_last_credits_are_not_called_unspent_when_their_spend_is_unknown(wire, monkeypatch):
    user = make_user(10)
    original = transaction.transaction

    def away():
        raise PoolExhausted("no connection is left")

    monkeypatch.setattr(ledger, "transaction", away)
    wire.react("cut", "UPDATE wallets")
    with pytest.raises(OutcomeUnknown):
        spend(user, 10, key="k")
    monkeypatch.setattr(ledger, "transaction", original)
    assert spend(user, 10, key="k").number == 2


@pytest.mark.usefixtures("far")
def test_an_unknown_outcome_stays_unknown_whatever_its_repeat_meets(wire, monkeypatch):
    user = make_user(10)

    def broken(*_words):
        raise ProgrammingError("INSERT", {}, Exception("a bug"))

    wire.react("cut", "UPDATE wallets")
    seen = []

    def post(driver, movement):
        seen.append(movement)
        return posting.post(driver, movement) if len(seen) == 1 else broken()

    monkeypatch.setattr(ledger, "post", post)
    with pytest.raises(OutcomeUnknown):
        spend(user, 1, key="k")


@pytest.mark.usefixtures("far")
def test_a_connection_lost_while_reading_does_not_hinder_the_next_act(wire):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    ledger.balance(user)
    wire.cut()
    with pytest.raises(OperationalError):
        ledger.balance(user)
    holds.release(user, held.id)
    assert ledger.balance(user).held == 0


@pytest.mark.usefixtures("far")
def test_a_capture_whose_answer_was_lost_is_not_called_a_success(wire):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    wire.react("cut", "COMMIT")
    try:
        entry = holds.capture(user, held.id, key="c")
    except OutcomeUnknown:
        entry = holds.capture(user, held.id, key="c")
    assert entry.number == 2
    assert ledger.balance(user).balance == 45


@pytest.mark.usefixtures("far")
def test_a_statement_that_hangs_before_the_commit_is_tried_again(wire):
    user = make_user(50)
    wire.react("silence", "INSERT INTO holds")
    assert holds.hold(user, 5, operation="test").status == "held"
    assert ledger.balance(user).held == 5


@pytest.mark.usefixtures("far")
def test_a_read_that_hangs_is_closed_after_a_while(wire):
    user = make_user(50)
    wire.react("silence", "FROM wallets")
    with pytest.raises(OperationalError):
        ledger.balance(user)
    db.session.rollback()
    assert ledger.balance(user).balance == 50


@pytest.mark.usefixtures("far")
def test_a_snapshot_for_a_request_is_not_waited_for_without_end(wire):
    with snapshot() as connection:
        with pytest.raises(OperationalError, match="did not answer in time"):
            connection.scalar(text("SELECT pg_sleep(0.8)"))


@pytest.mark.usefixtures("far")
def test_a_command_that_takes_its_time_is_waited_for(wire):
    with snapshot(at_length=True) as connection:
        assert connection.scalar(text("SELECT pg_sleep(0.8) IS NULL")) is False


@pytest.mark.usefixtures("far")
def test_a_database_that_is_away_is_told_and_one_that_is_back_is_used(wire):
    user = make_user(50)
    wire.refusing = True
    wire.cut()
    for act in (lambda: spend(user, 1), lambda: holds.hold(user, 5, operation="test")):
        with pytest.raises((TryAgainLater, OutcomeUnknown)):
            act()
    wire.refusing = False
    assert spend(user, 1).number == 2


@pytest.mark.usefixtures("far")
def test_connections_lost_between_reading_and_spending_are_replaced(wire):
    user = make_user(50)
    ledger.balance(user)
    wire.cut()
    assert spend(user, 1).number == 2
    ledger.balance(user)
    wire.cut()
    assert holds.hold(user, 5, operation="test").status == "held"


def test_a_page_that_cannot_know_says_so_with_503(far, wire):
    user = make_user(50)

    @far.get("/spend")
    def view():
        return str(spend(user, 1, key="k").number)

    wire.react("leave", "UPDATE wallets")
    answer = far.test_client().get("/spend")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "may have been done, or not" in answer.text
    wire.refusing = False
    assert far.test_client().get("/spend").text == "2"


CANCELLED = (
    "DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication due to user request'"
    " USING ERRCODE = '01000'; END $$"
)


def warn_once(monkeypatch, module):
    """Let PostgreSQL warn, once, as it does when a commit's wait for its standby is cancelled."""
    warned = []

    def post(driver, movement):
        entry = posting.post(driver, movement)
        if not warned:
            warned.append(movement)
            driver._connection.execute(CANCELLED)
        return entry

    monkeypatch.setattr(module, "post", post)


@pytest.mark.usefixtures("context")
def test_a_commit_that_no_standby_has_is_not_called_a_success(monkeypatch):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    warn_once(monkeypatch, holds)
    with pytest.raises(OutcomeUnknown):
        holds.capture(user, held.id)
    with pytest.raises(HoldClosed):
        holds.capture(user, held.id)


@pytest.mark.usefixtures("context")
def test_a_capture_that_no_standby_has_is_settled_by_its_key(monkeypatch):
    user = make_user(50)
    held = holds.hold(user, 5, operation="test")
    warn_once(monkeypatch, holds)
    assert holds.capture(user, held.id, key="c").number == 2
    assert ledger.balance(user).version == 2


@pytest.mark.usefixtures("context")
def test_a_warning_of_an_earlier_transaction_is_not_held_against_the_next():
    user = make_user(50)
    db.session.execute(text(CANCELLED))
    db.session.rollback()
    assert holds.hold(user, 5, operation="test").status == "held"


@pytest.mark.usefixtures("context")
def test_a_spend_that_no_standby_has_is_settled_by_its_key(monkeypatch):
    user = make_user(50)
    warn_once(monkeypatch, ledger)
    assert spend(user, 1).number == 2
    assert ledger.balance(user).version == 2
