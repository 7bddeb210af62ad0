"""One key from many processes at the same instant: one does it, and all get the one answer."""

import time

import pytest

from creditsapp.charging import charge
from creditsapp.services import holds, ledger
from tests.forks import race

pytestmark = pytest.mark.processes

PROCESSES = 8


def grant(user):
    return lambda: ledger.grant(user, 3, description="race", key="k").number


def adjust(user):
    return lambda: ledger.adjust(user, -3, description="race", key="k", actor="ada").number


def spend_many(user):
    usages = [ledger.Usage(1, "race", key=f"k{n}") for n in range(3)]
    return lambda: [entry.number for entry in ledger.spend_many(user, usages)]


def hold(user):
    return lambda: holds.hold(user, 3, operation="race", key="k").id


def capture(user):
    hold_id = holds.hold(user, 5, operation="race").id
    return lambda: holds.capture(user, hold_id, 3, key="k").number


def refund_usage(user):
    usage = ledger.spend(user, 6, operation="race")
    return lambda: ledger.refund_usage(usage, 3, key="k").number


ENDS = {
    grant: (23, 0, 2),
    adjust: (17, 0, 2),
    spend_many: (17, 0, 4),
    hold: (20, 3, 1),
    capture: (17, 0, 2),
    refund_usage: (17, 0, 3),
}


@pytest.mark.parametrize("act", ENDS, ids=lambda act: act.__name__)
def test_the_same_key_at_once_is_one_effect_and_one_answer(app, user, act):
    with app.app_context():
        call = act(user)
    outcomes = race(app, [call] * PROCESSES)
    assert outcomes == outcomes[:1] * PROCESSES
    with app.app_context():
        assert call() == outcomes[0]
        found = ledger.balance(user)
        assert (found.balance, found.held, found.version) == ENDS[act]


def test_one_operation_by_key_is_worked_at_by_one_and_charged_once(app, user):
    def operate():
        with charge(user, "IMAGE_GENERATION", key="k"):
            time.sleep(0.1)
        return "done"

    outcomes = race(app, [operate] * PROCESSES)
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "OperationInProgress", "AlreadyCharged"}
    with app.app_context():
        found = ledger.balance(user)
        assert (found.balance, found.held, found.version) == (15, 0, 2)


def test_of_work_that_fails_at_once_under_one_key_nothing_is_charged(app, user):
    def fail():
        with charge(user, "IMAGE_GENERATION", key="k"):
            raise ArithmeticError

    outcomes = race(app, [fail] * PROCESSES)
    assert "ArithmeticError" in outcomes
    assert set(outcomes) <= {"ArithmeticError", "OperationInProgress"}
    with app.app_context():
        found = ledger.balance(user)
        assert (found.balance, found.held, found.version) == (20, 0, 1)
