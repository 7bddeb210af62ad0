"""Holds whose time is over, while many processes want what they keep: one resolves each."""

import pytest

from creditsapp.extensions import db
from creditsapp.models import Hold
from creditsapp.services import expiry, holds, ledger
from creditsapp.services.errors import HoldClosed, InsufficientCredits
from tests.builders import overdue_hold
from tests.databases import execute
from tests.forks import race

pytestmark = pytest.mark.processes


@pytest.fixture
def overdue(app, user):
    """A hold of 15 of the 20 credits, past its time and not swept yet."""
    with app.app_context():
        return overdue_hold(user, 15).id


@pytest.mark.parametrize("again", range(3))
def test_capture_expiry_and_a_spend_of_the_same_credits_race_and_one_wins(
    app, user, overdue, again
):
    def capture():
        holds.capture(user, overdue)
        return "captured"

    def sweep():
        return expiry.release_expired()

    def spend_what_is_held():
        ledger.spend(user, 18, operation="race")
        return "spent"

    outcomes = race(app, [capture, sweep, spend_what_is_held] * 4)
    refusals = {HoldClosed.__name__, InsufficientCredits.__name__}
    assert set(outcomes) <= {"captured", "spent", 0, 1} | refusals
    with app.app_context():
        status = db.session.get(Hold, overdue).status
        found = ledger.balance(user)
    assert found.held == 0
    if status == "captured":
        assert found.balance == 5
        assert (outcomes.count("captured"), outcomes.count("spent")) == (1, 0)
        assert outcomes.count(1) == 0
    else:
        assert (status, found.balance) == ("expired", 2)
        assert (outcomes.count("captured"), outcomes.count("spent")) == (0, 1)
        assert outcomes.count(1) <= 1


def test_many_who_hold_and_sweep_what_is_overdue_free_it_once(app, user, overdue):
    def hold():
        return holds.hold(user, 6, operation="race").status

    outcomes = race(app, [hold, expiry.release_expired] * 5)
    assert outcomes.count("held") == 3
    assert outcomes.count(InsufficientCredits.__name__) == 2
    with app.app_context():
        found = ledger.balance(user)
        assert (found.balance, found.held) == (20, 18)


SPENDS = {
    "spend": lambda user: ledger.spend(user, 18, operation="race").number,
    "spend_many": lambda user: ledger.spend_many(user, [ledger.Usage(18, "race")])[0].number,
}


@pytest.mark.parametrize("name", SPENDS)
def test_a_spend_is_not_refused_because_another_has_just_swept_the_hold(
    app, user, overdue, database_url, monkeypatch, name
):
    expire, transaction = holds._expire, ledger.transaction

    def sweep():
        for sql in (
            "UPDATE holds SET status = 'expired', resolved_at = created_at WHERE status = 'held'",
            "UPDATE wallets SET held = 0",
        ):
            execute(database_url, sql)

    def begin():
        sweep()
        return transaction()

    def expire_too_late(*arguments):
        sweep()
        return expire(*arguments)

    if database_url.startswith("sqlite"):  # where nobody can come in between once it began
        monkeypatch.setattr(ledger, "transaction", begin)
    else:
        monkeypatch.setattr(holds, "_expire", expire_too_late)
    with app.app_context():
        assert SPENDS[name](user) == 2
        assert ledger.balance(user).balance == 2
