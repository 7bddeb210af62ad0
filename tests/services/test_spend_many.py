"""Many usages in one statement: all or none, each with its own entry and key."""

from decimal import Decimal

import pytest

from creditsapp.models.types import InvalidAmount
from creditsapp.services import holds, ledger
from creditsapp.services.errors import IdempotencyConflict, InsufficientCredits, WalletNotFound
from creditsapp.services.ledger import Usage
from tests.builders import make_user, overdue_hold, spend
from tests.databases import contents

pytestmark = pytest.mark.usefixtures("context")


def usages(*amounts, key=None):
    return [
        Usage(Decimal(amount), "meter", f"call {place}", {"n": place}, key and f"{key}-{place}")
        for place, amount in enumerate(amounts, 1)
    ]


def test_each_usage_is_an_entry_with_the_balance_after_it():
    user = make_user(10)
    entries = ledger.spend_many(user, usages("0.5", "2", "0.0001"))
    assert [entry.number for entry in entries] == [2, 3, 4]
    assert [entry.balance_after for entry in entries] == [
        Decimal("9.5"),
        Decimal("7.5"),
        Decimal("7.4999"),
    ]
    kept, _ = ledger.history(user)
    assert [entry.description for entry in kept] == [
        "call 3",
        "call 2",
        "call 1",
        "Welcome credits",
    ]
    assert kept[0].details == {"n": 3}
    found = ledger.balance(user)
    assert (found.version, found.lifetime_used) == (4, Decimal("2.5001"))


def test_one_credit_too_much_refuses_them_all(database_url):
    user = make_user(10)
    before = contents(database_url)
    with pytest.raises(InsufficientCredits) as refusal:
        ledger.spend_many(user, usages("6", "4.0001"))
    assert (refusal.value.required, refusal.value.missing) == (
        Decimal("10.0001"),
        Decimal("0.0001"),
    )
    assert contents(database_url) == before


def test_the_same_keys_again_give_the_entries_that_stand(database_url):
    user = make_user(10)
    first = ledger.spend_many(user, usages("5", "5", key="k"))
    before = contents(database_url)
    again = ledger.spend_many(user, usages("5", "5", key="k"))
    assert [entry.number for entry in again] == [entry.number for entry in first]
    assert contents(database_url) == before


def test_some_keys_used_before_are_a_conflict(database_url):
    user = make_user(10)
    spend(user, 1, key="k-2")
    before = contents(database_url)
    with pytest.raises(IdempotencyConflict):
        ledger.spend_many(user, usages("1", "1", key="k"))
    with pytest.raises(IdempotencyConflict):
        ledger.spend_many(user, [Usage(1, "meter", key="a"), Usage(1, "meter", key="a")])
    assert contents(database_url) == before


def test_expired_holds_make_room_for_them():
    user = make_user(10)
    overdue_hold(user, 10)
    assert ledger.spend_many(user, usages("5", "5"))[-1].balance_after == 0


def test_what_is_held_cannot_be_spent_by_many_either(database_url):
    user = make_user(10)
    holds.hold(user, 4, operation="test")
    before = contents(database_url)
    with pytest.raises(InsufficientCredits) as refusal:
        ledger.spend_many(user, usages("3", "3.0001"))
    assert (refusal.value.available, refusal.value.missing) == (6, Decimal("0.0001"))
    assert contents(database_url) == before
    assert ledger.spend_many(user, usages("3", "3"))[-1].balance_after == 4


def test_usages_are_their_own_users_only():
    one, two = make_user(10), make_user(10)
    ledger.spend_many(one, usages("1", "2"))
    assert (ledger.balance(one).balance, ledger.balance(two).balance) == (7, 10)
    assert ledger.balance(two).version == 1


def test_nothing_to_spend_is_nothing_spent():
    assert ledger.spend_many(make_user(), []) == []


def test_bad_usages_are_refused(database_url):
    user = make_user()
    before = contents(database_url)
    with pytest.raises(InvalidAmount):
        ledger.spend_many(user, usages("1", "0"))
    with pytest.raises(TypeError):
        ledger.spend_many(user, [Usage(1, "meter"), Usage(0.5, "meter")])
    with pytest.raises(WalletNotFound):
        ledger.spend_many(99999, usages("1"))
    assert contents(database_url) == before


def test_more_together_than_can_be_kept_is_refused():
    with pytest.raises(InvalidAmount):
        ledger.spend_many(make_user(50), [Usage(10**12, "test") for _ in range(1000)])
