"""Spending and granting, on both databases."""

from decimal import Decimal

import pytest

from creditsapp.models import LedgerEntry
from creditsapp.models.types import InvalidAmount
from creditsapp.services import ledger
from creditsapp.services.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    RefundTooLarge,
    WalletNotFound,
)
from creditsapp.services.keys import InvalidKey
from tests.builders import make_user, spend
from tests.databases import contents

pytestmark = pytest.mark.usefixtures("context")


def test_a_new_user_has_welcome_credits_as_entry_one():
    user = make_user(50)
    (entry,), older = ledger.history(user)
    assert (entry.number, entry.type, entry.amount, entry.balance_after) == (1, "initial", 50, 50)
    assert older is None


def test_no_welcome_credits_leave_an_empty_ledger():
    user = make_user(0)
    assert ledger.history(user) == ([], None)
    assert ledger.balance(user).available == 0


def test_a_spend_is_an_entry_with_the_balance_after_it():
    user = make_user(50)
    entry = ledger.spend(user, Decimal("0.5"), operation="theme", description="sea")
    assert (entry.number, entry.amount, entry.balance_after) == (
        2,
        Decimal("-0.5"),
        Decimal("49.5"),
    )
    found = ledger.balance(user)
    assert (found.balance, found.lifetime_used, found.lifetime_added) == (
        Decimal("49.5"),
        Decimal("0.5"),
        50,
    )
    assert found.version == 2


def test_all_that_there_is_can_be_spent():
    user = make_user(5)
    assert spend(user, 5).balance_after == 0


def test_a_ten_thousandth_too_much_is_refused_and_changes_nothing(database_url):
    user = make_user(5)
    before = contents(database_url)
    with pytest.raises(InsufficientCredits) as refusal:
        spend(user, Decimal("5.0001"))
    assert refusal.value.missing == Decimal("0.0001")
    assert (refusal.value.balance, refusal.value.available) == (5, 5)
    assert contents(database_url) == before


def test_the_same_key_charges_once_and_gives_the_same_entry():
    user = make_user(50)
    first, again = (spend(user, 3, key="order-1") for _ in range(2))
    assert (first.number, again.number) == (2, 2)
    assert ledger.balance(user).balance == 47


def test_a_key_answers_even_when_the_credits_are_gone():
    user = make_user(3)
    spend(user, 3, key="all")
    assert spend(user, 3, key="all").number == 2


@pytest.mark.parametrize("other", [{"amount": 4}, {"operation": "other"}])
def test_a_key_for_something_else_is_refused(other, database_url):
    user = make_user(50)
    ledger.spend(user, 3, operation="test", key="k")
    before = contents(database_url)
    with pytest.raises(IdempotencyConflict):
        ledger.spend(user, **({"amount": 3, "operation": "test"} | other), key="k")
    assert contents(database_url) == before


def test_another_users_key_is_independent():
    one, two = make_user(), make_user()
    assert spend(one, 1, key="k").balance_after == spend(two, 1, key="k").balance_after == 49


def test_callers_keys_cannot_meet_the_systems_own():
    user = make_user(50)
    assert spend(user, 1, key="welcome").number == 2


def test_a_grant_and_a_spend_cannot_share_a_key():
    user = make_user()
    ledger.grant(user, 1, description="gift", key="k")
    with pytest.raises(IdempotencyConflict):
        spend(user, 1, key="k")


@pytest.mark.parametrize("amount", [0.5, 1.0, float("nan"), True, "1", None])
def test_anything_but_decimal_and_int_is_a_type_error(amount, database_url):
    user = make_user()
    before = contents(database_url)
    for act in (spend, lambda *args: ledger.grant(*args, description="x")):
        with pytest.raises(TypeError):
            act(user, amount)
    assert contents(database_url) == before


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-1",
        "0.00001",
        "1.00000000000000000000000000001",
        "NaN",
        "sNaN",
        "Infinity",
        "1e13",
        "1e400",
    ],
)
def test_amounts_that_cannot_be_kept_are_refused(amount, database_url):
    user = make_user()
    before = contents(database_url)
    with pytest.raises(InvalidAmount):
        spend(user, Decimal(amount))
    assert contents(database_url) == before


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "tab\t", "nul\0", "ümlaut", "del\x7f"])
def test_keys_are_visible_ascii(key, database_url):
    user = make_user()
    before = contents(database_url)
    with pytest.raises(InvalidKey):
        spend(user, 1, key=key)
    assert contents(database_url) == before


def test_a_key_of_255_characters_is_fine():
    user = make_user()
    assert spend(user, 1, key="~" * 255).number == spend(user, 1, key="~" * 255).number == 2


def test_nobody_has_no_wallet():
    with pytest.raises(WalletNotFound):
        spend(12345, 1)
    with pytest.raises(WalletNotFound):
        ledger.grant(12345, 1, description="x")
    with pytest.raises(WalletNotFound):
        ledger.balance(12345)


def test_a_balance_beyond_the_range_is_refused_and_not_wrapped(database_url):
    user = make_user(10**12)
    before = contents(database_url)
    with pytest.raises(InvalidAmount):
        ledger.grant(user, 1, description="one too many")
    assert contents(database_url) == before


def test_history_pages_go_on_below_a_number():
    user = make_user()
    for _ in range(4):
        spend(user, 1)
    first, older = ledger.history(user, limit=2)
    second, oldest = ledger.history(user, limit=2, before=older)
    third, end = ledger.history(user, limit=2, before=oldest)
    assert [entry.number for entry in first + second + third] == [5, 4, 3, 2, 1]
    assert end is None


def test_an_exact_last_page_has_nothing_after_it():
    user = make_user()
    spend(user, 1)
    assert ledger.history(user, limit=2)[1] is None


def test_an_adjustment_may_leave_a_debt_which_blocks_spending_and_is_netted():
    user = make_user(5)
    assert ledger.adjust(user, Decimal("-7.5"), description="wrong price").balance_after == -2.5
    with pytest.raises(InsufficientCredits) as refusal:
        spend(user, 1)
    assert refusal.value.missing == Decimal("3.5")
    ledger.grant(user, 3, description="gift")
    assert ledger.balance(user).available == Decimal("0.5")
    found = ledger.balance(user)
    assert (found.lifetime_added, found.lifetime_used) == (Decimal("0.5"), 0)


def test_an_adjustment_of_nothing_is_refused():
    with pytest.raises(InvalidAmount):
        ledger.adjust(make_user(), 0, description="x")


def test_a_usage_is_given_back_in_parts_and_never_more_than_it_took(database_url):
    user = make_user(10)
    usage = spend(user, 6)
    part = ledger.refund_usage(usage, Decimal("2.5"), key="part")
    assert (part.type, part.amount, part.refunded_number) == ("refund", Decimal("2.5"), 2)
    assert ledger.refund_usage(usage, Decimal("2.5"), key="part").number == part.number
    with pytest.raises(RefundTooLarge):
        ledger.refund_usage(usage, 4)
    rest = ledger.refund_usage(usage, key="rest")
    assert (rest.amount, ledger.refund_usage(usage, key="rest").number) == (Decimal("3.5"), 4)
    before = contents(database_url)
    for amount in (None, Decimal("0.0001")):
        with pytest.raises(RefundTooLarge):
            ledger.refund_usage(usage, amount)
    with pytest.raises(IdempotencyConflict):
        ledger.refund_usage(usage, 1, key="part")
    assert contents(database_url) == before
    found = ledger.balance(user)
    assert (found.balance, found.lifetime_used, found.lifetime_added) == (10, 0, 10)


def test_only_a_usage_can_be_given_back():
    user = make_user(10)
    with pytest.raises(RefundTooLarge):
        ledger.refund_usage(ledger.entry(user, 1))


def test_a_usage_is_given_back_as_it_stands_and_not_as_the_caller_tells_it():
    user = make_user(50)
    usage, grant = spend(user, 5), ledger.grant(user, 20, description="no usage")
    told = {"user_id": user, "amount": Decimal(-40), "type": "usage", "operation": "another"}
    for number in (usage.number, grant.number, 99):
        with pytest.raises(RefundTooLarge):
            ledger.refund_usage(LedgerEntry(number=number, **told), 20)
    given = ledger.refund_usage(LedgerEntry(number=usage.number, **told))
    assert (given.amount, given.operation) == (5, "test")
