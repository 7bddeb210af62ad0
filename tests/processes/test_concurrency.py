"""Many processes at one wallet: what there is, is spent, and not a credit more."""

import pytest

from creditsapp.services import holds, ledger
from creditsapp.services.errors import HoldClosed, InsufficientCredits
from tests.forks import coming_again, race

pytestmark = pytest.mark.processes


def test_fifty_processes_spend_twenty_credits_twenty_times(app, user):
    def spend_one():
        return ledger.spend(user, 1, operation="race").number

    outcomes = race(app, [spend_one] * 50)
    numbers = sorted(outcome for outcome in outcomes if isinstance(outcome, int))
    assert numbers == list(range(2, 22))
    assert outcomes.count(InsufficientCredits.__name__) == 30
    with app.app_context():
        assert ledger.balance(user).balance == 0
        entries, _ = ledger.history(user, limit=100)
        assert [entry.type for entry in entries].count("usage") == 20


def test_the_same_key_from_many_processes_is_one_entry(app, user):
    def spend_once():
        return coming_again(ledger.spend, user, 3, operation="race", key="same").number

    assert race(app, [spend_once] * 20) == [2] * 20
    with app.app_context():
        assert ledger.balance(user).balance == 17


def test_capture_and_release_race_and_one_wins(app, user):
    with app.app_context():
        hold_id = holds.hold(user, 5, operation="race").id

    def capture():
        holds.capture(user, hold_id)
        return "captured"

    def release():
        holds.release(user, hold_id)
        return "released"

    outcomes = race(app, [capture, release] * 6)
    assert outcomes.count(HoldClosed.__name__) == 11
    with app.app_context():
        found = ledger.balance(user)
        assert found.held == 0
        assert found.balance == (15 if "captured" in outcomes else 20)


def test_holds_and_spends_together_never_take_more_than_there_is(app, user):
    def hold_and_capture():
        held = holds.hold(user, 3, operation="race")
        holds.capture(user, held.id, 2)
        return "captured"

    def spend_two():
        ledger.spend(user, 2, operation="race")
        return "spent"

    outcomes = race(app, [hold_and_capture, spend_two] * 12)
    won = outcomes.count("captured") + outcomes.count("spent")
    with app.app_context():
        found = ledger.balance(user)
        assert found.balance == 20 - 2 * won
        assert found.balance >= 0
        assert found.held == 0
