"""Many writers at once: they wait for each other, and none is refused or forgotten."""

import pytest

from creditsapp.services import customers, ledger
from creditsapp.services.errors import RefundTooLarge
from tests.builders import make_purchase, make_user, payment_event, settle
from tests.forks import race

pytestmark = pytest.mark.processes


def test_writers_at_wallets_of_their_own_wait_and_never_fail(app):
    with app.app_context():
        users = [make_user(25) for _ in range(8)]

    def spend_all(user):
        return lambda: [ledger.spend(user, 1, operation="race").number for _ in range(25)]

    outcomes = race(app, [spend_all(user) for user in users])
    assert outcomes == [list(range(2, 27))] * 8
    with app.app_context():
        assert {ledger.balance(user).balance for user in users} == {0}


def test_a_hot_wallet_keeps_every_grant_and_every_spend(app, user):
    def give_and_take():
        for _ in range(5):
            ledger.grant(user, 3, description="race")
            ledger.spend(user, 2, operation="race")
        return "done"

    assert race(app, [give_and_take] * 16) == ["done"] * 16
    with app.app_context():
        found = ledger.balance(user)
        assert (found.balance, found.version) == (20 + 16 * 5, 1 + 16 * 10)


def test_a_usage_is_never_given_back_beyond_what_it_took(app, user):
    with app.app_context():
        usage = ledger.spend(user, 5, operation="race")

    def give_back_two():
        return ledger.refund_usage(usage, 2).number

    def give_back_the_rest():
        return ledger.refund_usage(usage).number

    outcomes = race(app, [give_back_two] * 10)
    assert sorted(outcomes, key=str) == [3, 4] + [RefundTooLarge.__name__] * 8
    outcomes = race(app, [give_back_the_rest] * 4)
    assert sorted(outcomes, key=str) == [5] + [RefundTooLarge.__name__] * 3
    with app.app_context():
        assert ledger.balance(user).balance == 20


def test_wallets_that_learn_the_same_customer_at_once_are_all_credited(app):
    def pay(number):
        event = payment_event(make_purchase(users[number], 1), payment_id=f"pay_{number}")
        return lambda: settle(event, webhook_id=f"msg_{number}")

    with app.app_context():
        users = [make_user(0) for _ in range(8)]
        deliveries = [pay(number) for number in range(8)]
    assert race(app, deliveries) == ["credits_added"] * 8
    with app.app_context():
        assert {ledger.balance(user).balance for user in users} == {20}
        learned = [customers.customer_id(user) for user in users]
        assert sorted(map(str, learned)) == ["None"] * 7 + ["cus_1"]
