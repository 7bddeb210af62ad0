"""Many processes at one wallet: what there is, is spent, and not a credit more."""

import multiprocessing

import pytest

from creditsapp import create_app
from creditsapp.extensions import db
from creditsapp.services import holds, ledger
from creditsapp.services.errors import HoldClosed, InsufficientCredits
from tests.builders import make_user
from tests.conftest import settings_for

pytestmark = pytest.mark.processes

fork = multiprocessing.get_context("fork")


def race(database_url, acts):
    """Run each act in a process of its own, all at the same instant; return what each came to."""
    start, results = fork.Barrier(len(acts)), fork.SimpleQueue()

    def run(act):
        app = create_app(settings_for(database_url))
        with app.app_context():
            start.wait(60)
            try:
                results.put(act())
            except Exception as error:
                results.put(type(error).__name__)

    processes = [fork.Process(target=run, args=(act,)) for act in acts]
    for process in processes:
        process.start()
    outcomes = [results.get() for _ in processes]
    for process in processes:
        process.join(60)
    return outcomes


@pytest.fixture
def user(app):
    """Somebody with 20 credits; the app keeps no connection that children could inherit."""
    with app.app_context():
        made = make_user(20)
        db.session.remove()
        db.engine.dispose()
    return made


def test_fifty_processes_spend_twenty_credits_twenty_times(app, user, database_url):
    def spend_one():
        return ledger.spend(user, 1, operation="race").number

    outcomes = race(database_url, [spend_one] * 50)
    numbers = sorted(outcome for outcome in outcomes if isinstance(outcome, int))
    assert numbers == list(range(2, 22))
    assert outcomes.count(InsufficientCredits.__name__) == 30
    with app.app_context():
        assert ledger.balance(user).balance == 0
        entries, _ = ledger.history(user, limit=100)
        assert [entry.type for entry in entries].count("usage") == 20


def test_the_same_key_from_many_processes_is_one_entry(app, user, database_url):
    def spend_once():
        return ledger.spend(user, 3, operation="race", key="same").number

    assert race(database_url, [spend_once] * 20) == [2] * 20
    with app.app_context():
        assert ledger.balance(user).balance == 17


def test_capture_and_release_race_and_one_wins(app, user, database_url):
    with app.app_context():
        hold_id = holds.hold(user, 5, operation="race").id
        db.session.remove()
        db.engine.dispose()

    def capture():
        holds.capture(user, hold_id)
        return "captured"

    def release():
        holds.release(user, hold_id)
        return "released"

    outcomes = race(database_url, [capture, release] * 6)
    assert outcomes.count(HoldClosed.__name__) == 11
    with app.app_context():
        found = ledger.balance(user)
        assert found.held == 0
        assert found.balance == (15 if "captured" in outcomes else 20)


def test_holds_and_spends_together_never_take_more_than_there_is(app, user, database_url):
    def hold_and_capture():
        held = holds.hold(user, 3, operation="race")
        holds.capture(user, held.id, 2)
        return "captured"

    def spend_two():
        ledger.spend(user, 2, operation="race")
        return "spent"

    outcomes = race(database_url, [hold_and_capture, spend_two] * 12)
    won = outcomes.count("captured") + outcomes.count("spent")
    with app.app_context():
        found = ledger.balance(user)
        assert found.balance == 20 - 2 * won
        assert found.balance >= 0
        assert found.held == 0
