"""Holds: reserved, then captured, released or expired, exactly once."""

from decimal import Context, Decimal, localcontext

import pytest

from creditsapp.services import expiry, holds, ledger, wallets
from creditsapp.services.errors import (
    CaptureTooLarge,
    HoldClosed,
    HoldNotFound,
    IdempotencyConflict,
    InsufficientCredits,
    OutcomeUnknown,
    WalletNotFound,
)
from creditsapp.services.posting import InvalidText
from creditsapp.services.transaction import transaction
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    overdue_hold,
    payment_event,
    settle,
    spend,
)
from tests.databases import contents, lose_answers

pytestmark = pytest.mark.usefixtures("context")


def hold(user, amount=5, **options):
    return holds.hold(user, amount, operation="test", **options)


def test_held_credits_cannot_be_spent_or_held_again():
    user = make_user(10)
    hold(user, 6)
    found = ledger.balance(user)
    assert (found.balance, found.held, found.available) == (10, 6, 4)
    with pytest.raises(InsufficientCredits) as refusal:
        spend(user, 5)
    assert (refusal.value.available, refusal.value.missing) == (4, 1)
    with pytest.raises(InsufficientCredits):
        hold(user, 5)


def test_a_capture_charges_what_was_held():
    user = make_user(10)
    held = hold(user, 6)
    entry = holds.capture(user, held.id)
    assert (entry.amount, entry.balance_after, entry.hold_id) == (-6, 4, held.id)
    assert ledger.balance(user).held == 0


def test_a_partial_capture_releases_the_rest():
    user = make_user(10)
    holds.capture(user, hold(user, 6).id, Decimal("1.5"))
    found = ledger.balance(user)
    assert (found.balance, found.held) == (Decimal("8.5"), 0)


def test_capturing_more_than_was_held_changes_nothing(database_url):
    user = make_user(10)
    held = hold(user, 5)
    before = contents(database_url)
    with pytest.raises(CaptureTooLarge):
        holds.capture(user, held.id, 6)
    assert contents(database_url) == before


def test_a_release_charges_nothing():
    user = make_user(10)
    holds.release(user, hold(user).id)
    assert ledger.balance(user).available == 10


def test_a_hold_is_resolved_once(database_url):
    user = make_user(20)
    captured, released = hold(user), hold(user)
    holds.capture(user, captured.id)
    holds.release(user, released.id)
    before = contents(database_url)
    for closed in (captured, released):
        with pytest.raises(HoldClosed):
            holds.capture(user, closed.id)
        with pytest.raises(HoldClosed):
            holds.release(user, closed.id)
    assert contents(database_url) == before


def test_a_capture_repeated_with_its_key_gives_the_same_entry():
    user = make_user(20)
    held = hold(user)
    first = holds.capture(user, held.id, key="c")
    assert holds.capture(user, held.id, key="c").number == first.number
    with pytest.raises(HoldClosed):
        holds.capture(user, held.id, key="other")


def test_a_key_that_captured_one_hold_cannot_capture_another(database_url):
    user = make_user(20)
    holds.capture(user, hold(user).id, key="c")
    second = hold(user)
    before = contents(database_url)
    with pytest.raises(IdempotencyConflict):
        holds.capture(user, second.id, key="c")
    assert contents(database_url) == before


def test_another_users_hold_does_not_exist():
    owner, other = make_user(), make_user()
    held = hold(owner)
    for act in (holds.capture, holds.release):
        with pytest.raises(HoldNotFound):
            act(other, held.id)
        with pytest.raises(HoldNotFound):
            act(owner, "no-such-hold")


def test_an_expired_hold_stops_counting_before_any_sweep():
    user = make_user(10)
    overdue_hold(user, 10)
    assert ledger.balance(user).available == 10
    assert spend(user, 10).balance_after == 0
    assert expiry.release_expired() == 0


def test_a_refused_spend_leaves_expired_holds_as_they_were(database_url):
    user = make_user(10)
    overdue_hold(user, 5)
    before = contents(database_url)
    with pytest.raises(InsufficientCredits) as refusal:
        spend(user, 11)
    assert refusal.value.available == 10
    assert contents(database_url) == before


def test_an_expired_hold_makes_room_for_a_new_one():
    user = make_user(10)
    overdue_hold(user, 10)
    assert hold(user, 10).status == "held"


def test_an_expired_hold_that_nobody_swept_can_still_be_captured():
    user = make_user(10)
    held = overdue_hold(user, 10)
    assert holds.capture(user, held.id).balance_after == 0


def test_a_swept_hold_cannot_be_captured():
    user = make_user(10)
    held = overdue_hold(user, 10)
    assert expiry.release_expired() == 1
    with pytest.raises(HoldClosed):
        holds.capture(user, held.id)
    assert ledger.balance(user).held == 0


def test_the_same_key_holds_once_while_it_is_open_or_captured():
    user = make_user(10)
    first = hold(user, 6, key="k")
    assert hold(user, 6, key="k").id == first.id
    holds.capture(user, first.id)
    again = hold(user, 6, key="k")
    assert (again.id, again.status) == (first.id, "captured")


def test_a_released_hold_gives_its_key_back():
    user = make_user(10)
    first = hold(user, 6, key="k")
    holds.release(user, first.id)
    assert hold(user, 6, key="k").id != first.id


def test_an_expired_hold_gives_its_key_back():
    user = make_user(10)
    first = overdue_hold(user, 6, key="k")
    assert hold(user, 6, key="k").id != first.id


def test_a_hold_key_with_other_input_is_refused():
    user = make_user(10)
    hold(user, 1, key="k", fingerprint="a")
    with pytest.raises(IdempotencyConflict):
        hold(user, 1, key="k", fingerprint="b")


def test_a_description_that_cannot_be_kept_is_refused_and_a_long_one_cut(database_url):
    user = make_user(10)
    before = contents(database_url)
    for words in ({"description": "nul\0"}, {"operation": "x" * 65}):
        with pytest.raises(InvalidText):
            holds.hold(user, 5, **({"operation": "test"} | words))
    assert contents(database_url) == before
    held = hold(user, description="x" * 600)
    assert holds.capture(user, held.id).description == "x" * 500


def test_a_callers_decimal_context_rounds_nothing():
    user = make_user(10_000)
    with localcontext(Context(prec=3)):
        holds.capture(user, hold(user, Decimal("1234.5678")).id)
        overdue_hold(user, Decimal("1234.5678"))
        overdue_hold(user, Decimal("0.0001"))
        assert expiry.release_expired() == 1
    found = ledger.balance(user)
    assert (found.balance, found.held) == (Decimal("8765.4322"), 0)


def test_a_capture_never_makes_a_debt(database_url):
    """A dispute may take the credits away while the work goes on."""
    user = make_user(0)
    purchase = make_purchase(user, dollars=1)
    settle(payment_event(purchase))
    held = hold(user, 20)
    settle(dispute_event())
    before = contents(database_url)
    with pytest.raises(InsufficientCredits):
        holds.capture(user, held.id)
    assert contents(database_url) == before
    holds.release(user, held.id)
    assert ledger.balance(user).available == 0


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


def test_a_capture_that_a_debt_prevents_says_what_is_missing():
    user = make_user(10)
    held = hold(user, 10)
    ledger.adjust(user, -13, description="a debt")
    with pytest.raises(InsufficientCredits) as refusal:
        holds.capture(user, held.id)
    assert refusal.value.missing == 13
    ledger.grant(user, 13, description="what was missing")
    assert holds.capture(user, held.id).balance_after == 0


def test_a_capture_by_the_holds_own_key_can_be_repeated():
    user = make_user(10)
    held = hold(user, 10)
    first = holds.capture_once(user, held.id, 4)
    assert holds.capture_once(user, held.id, 4).number == first.number
    with pytest.raises(HoldClosed):
        holds.capture_once(user, held.id, 5)
    assert first.idempotency_key == f"hold:{held.id}"


def test_a_look_within_a_use_case_does_not_commit_half_of_it():
    user = make_user(10)
    held = hold(user, 5)
    with pytest.raises(RuntimeError), transaction() as session:
        wallets._open(session, 777)
        holds.find(user, held.id)
    with pytest.raises(WalletNotFound):
        ledger.balance(777)
