"""A hold's own row: what it keeps, when it ends, and who waits for whom."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from creditsapp.extensions import db
from creditsapp.models import Hold
from creditsapp.models.wallet import LONGEST_HOLD
from creditsapp.services import expiry, holds, ledger
from creditsapp.services.errors import IdempotencyConflict, InsufficientCredits
from tests.builders import make_user, spend
from tests.databases import contents, execute, on_postgresql, while_locked
from tests.faults.refusals import refusing

pytestmark = pytest.mark.usefixtures("context")


def kept(hold_id):
    """A hold as it stands in the database."""
    db.session.remove()
    return db.session.scalars(select(Hold).where(Hold.id == hold_id)).one()


def overdue(hold):
    """Let a hold's time be over."""
    query = update(Hold).where(Hold.id == hold.id).values(expires_at=hold.created_at)
    db.session.execute(query)
    db.session.commit()
    return hold


def test_a_hold_keeps_what_the_call_said():
    user, chosen = make_user(), str(uuid.uuid4())
    words = {"operation": "o" * 64, "description": "d" * 500, "fingerprint": "f" * 64}
    holds.hold(user, 5, **words, key="k", hold_id=chosen, seconds=LONGEST_HOLD)
    found = kept(chosen)
    assert {name: getattr(found, name) for name in words} == words
    assert (found.user_id, found.amount, found.status) == (user, 5, "held")
    assert found.idempotency_key == "key:k"
    assert found.expires_at - found.created_at == timedelta(seconds=LONGEST_HOLD)
    assert (found.entry_number, found.resolved_at) == (None, None)


def test_a_hold_of_few_words_has_an_id_of_its_own_and_lives_for_a_quarter_of_an_hour():
    user = make_user()
    one, two = (holds.hold(user, 5, operation="test").id for _ in range(2))
    assert one != two
    found = kept(one)
    assert (found.description, found.idempotency_key, found.fingerprint) == ("", None, None)
    assert found.expires_at - found.created_at == timedelta(minutes=15)


def test_a_hold_may_live_for_a_second():
    assert holds.hold(make_user(), 5, operation="test", seconds=1).status == "held"


def test_a_closed_hold_keeps_how_and_when():
    user = make_user()
    captured, released, expired = (holds.hold(user, 5, operation="test").id for _ in range(3))
    holds.capture(user, captured, 2)
    holds.release(user, released)
    overdue(kept(expired))
    assert expiry.release_expired() == 1
    assert [(kept(it).status, kept(it).entry_number) for it in (captured, released, expired)] == [
        ("captured", 2),
        ("released", None),
        ("expired", None),
    ]
    assert all(kept(it).resolved_at > kept(it).created_at for it in (captured, released, expired))


def test_a_hold_ends_at_its_very_instant(monkeypatch):
    user = make_user(10)
    held = holds.hold(user, 10, operation="test")
    for module in ("holds", "wallets"):
        monkeypatch.setattr(f"creditsapp.services.{module}.now", lambda: held.expires_at)
    assert ledger.balance(user).available == 10
    assert expiry.release_expired() == 1
    assert kept(held.id).status == "expired"


def test_a_sweep_closes_everybodys_overdue_holds_and_no_others():
    one, two = make_user(10), make_user(10)
    made = [holds.hold(user, 2, operation="test") for user in (one, one, two, two, two)]
    holds.release(two, made[3].id)
    for hold in made[:4]:
        overdue(kept(hold.id))
    assert expiry.release_expired() == 3
    assert [kept(hold.id).status for hold in made] == ["expired"] * 3 + ["released", "held"]
    assert (ledger.balance(one).held, ledger.balance(two).held) == (0, 2)
    assert expiry.release_expired() == 0


def test_a_hold_sweeps_its_own_users_overdue_holds_and_keeps_the_others():
    user, other = make_user(10), make_user(10)
    mine, theirs = (overdue(holds.hold(it, 4, operation="test")) for it in (user, other))
    open_one = holds.hold(user, 3, operation="test")
    assert [kept(it.id).status for it in (mine, theirs, open_one)] == ["expired", "held", "held"]
    assert ledger.balance(user).held == 3


def test_all_that_there_is_can_be_held_and_captured():
    user = make_user(10)
    held = holds.hold(user, 10, operation="test")
    assert ledger.balance(user).available == 0
    assert holds.capture(user, held.id).balance_after == 0


def test_a_hold_counts_for_its_own_user_only():
    user, other = make_user(10), make_user(10)
    held = holds.hold(user, 10, operation="test")
    with pytest.raises(InsufficientCredits):
        holds.hold(user, 1, operation="test")
    assert spend(other, 10).balance_after == 0
    holds.release(user, held.id)
    assert ledger.balance(user).available == 10


def test_another_users_hold_key_is_independent():
    one, two = (holds.hold(make_user(), 5, operation="test", key="k") for _ in range(2))
    assert one.id != two.id


def test_another_users_hold_key_is_no_answer_to_who_lacks_credits():
    holds.hold(make_user(10), 5, operation="test", key="k")
    with pytest.raises(InsufficientCredits):
        holds.hold(make_user(1), 5, operation="test", key="k")


def test_a_released_hold_is_no_answer_to_who_lacks_credits():
    user = make_user(10)
    holds.release(user, holds.hold(user, 5, operation="test", key="k").id)
    spend(user, 10)
    with pytest.raises(InsufficientCredits):
        holds.hold(user, 5, operation="test", key="k")


@pytest.mark.parametrize("how", ["capture", "release"])
def test_a_closed_hold_says_how_it_was_closed(how):
    user = make_user(10)
    held = holds.hold(user, 5, operation="test").id
    getattr(holds, how)(user, held)
    for again in (holds.capture, holds.release):
        with pytest.raises(holds.HoldClosed, match=f"This hold is {how}d already"):
            again(user, held)


def test_a_hold_key_answers_even_when_the_credits_are_gone(database_url):
    user = make_user(10)
    first = holds.hold(user, 10, operation="test", key="k")
    assert holds.hold(user, 10, operation="test", key="k").id == first.id
    before = contents(database_url)
    with pytest.raises(IdempotencyConflict):
        holds.hold(user, 10, operation="other", key="k")
    with pytest.raises(InsufficientCredits):
        holds.hold(user, 10, operation="test", key="other")
    assert contents(database_url) == before


def test_a_hold_id_that_is_taken_is_refused(database_url):
    user = make_user()
    taken = holds.hold(user, 5, operation="test", key="k").id
    before = contents(database_url)
    for key in (None, "other"):
        with pytest.raises(IdempotencyConflict):
            holds.hold(user, 5, operation="test", key=key, hold_id=taken)
    assert contents(database_url) == before


def test_a_capture_repeated_with_its_key_but_another_amount_is_refused():
    user = make_user(20)
    held = holds.hold(user, 10, operation="test")
    holds.capture(user, held.id, 4, key="c")
    with pytest.raises(holds.HoldClosed):
        holds.capture(user, held.id, 5, key="c")
    assert ledger.balance(user).available == 16


def test_a_key_of_a_spend_does_not_stand_for_a_capture():
    user = make_user(20)
    held = holds.hold(user, 5, operation="test")
    spend(user, 5, key="c")
    holds.release(user, held.id)
    with pytest.raises(holds.HoldClosed):
        holds.capture(user, held.id, key="c")


@on_postgresql
def test_a_hold_that_somebody_closed_since_it_was_read_is_found_closed(database_url):
    user = make_user()
    held = holds.hold(user, 5, operation="test")
    read = db.session.get_one(Hold, held.id)
    assert read.status == "held"
    execute(database_url, "UPDATE wallets SET held = 0")
    execute(database_url, "UPDATE holds SET status = 'released', resolved_at = created_at")
    assert holds.find(user, held.id).status == "released"


@on_postgresql
def test_two_holds_at_once_with_one_key_are_one(app, database_url):
    user = make_user(20)
    row = f"SELECT 1 FROM wallets WHERE user_id = {user} FOR UPDATE"
    db.session.remove()
    acts = [lambda: holds.hold(user, 5, operation="test", key="k").id] * 2
    with while_locked(app, database_url, row, acts) as (results, _):
        pass
    assert results[0] == results[1]
    assert ledger.balance(user).held == 5


RESOLUTIONS = {"capture": holds.capture, "release": holds.release}


@on_postgresql
@pytest.mark.parametrize("how", RESOLUTIONS)
def test_resolving_a_hold_waits_for_it_before_it_takes_the_wallet(app, database_url, how):
    """In the one order there is no deadlock between two that resolve the same hold."""
    user = make_user(20)
    held = holds.hold(user, 5, operation="test").id
    row = f"SELECT 1 FROM holds WHERE id = '{held}' FOR UPDATE"
    db.session.remove()
    acts = [lambda: getattr(holds, how)(user, held)]
    with while_locked(app, database_url, row, acts) as (results, watcher):
        watcher.execute(f"SELECT 1 FROM wallets WHERE user_id = {user} FOR UPDATE NOWAIT")
    assert not isinstance(results[0], Exception)
    assert ledger.balance(user).held == 0


@on_postgresql
@pytest.mark.parametrize("how", RESOLUTIONS)
def test_what_waited_for_a_hold_that_was_resolved_finds_it_closed(app, database_url, how):
    user = make_user(20)
    held = holds.hold(user, 5, operation="test").id
    row = f"SELECT 1 FROM holds WHERE id = '{held}' FOR UPDATE"
    db.session.remove()
    acts = [lambda: getattr(holds, how)(user, held)] * 2
    with while_locked(app, database_url, row, acts) as (results, _):
        pass
    assert [type(it).__name__ for it in results].count("HoldClosed") == 1
    assert ledger.balance(user).held == 0


@on_postgresql
def test_a_hold_can_be_looked_at_while_somebody_resolves_it(app, database_url):
    user = make_user(20)
    held = holds.hold(user, 5, operation="test").id
    row = f"SELECT 1 FROM holds WHERE id = '{held}' FOR UPDATE"
    db.session.remove()
    with while_locked(app, database_url, row, []):
        assert holds.find(user, held).status == "held"


LETTING_GO = {
    "release": lambda user, hold_id: holds.release(user, hold_id),
    "a sweep": lambda user, hold_id: expiry.release_expired(),
    "a spend": lambda user, hold_id: spend(user, 10),
}


@on_postgresql
@pytest.mark.parametrize("how", LETTING_GO)
def test_letting_go_is_tried_again_after_a_passing_refusal(database_url, how):
    user = make_user(20)
    held = holds.hold(user, 15, operation="test")
    if how != "release":
        overdue(kept(held.id))
    db.session.remove()
    with refusing(database_url, "40001", times=2) as attempts:
        LETTING_GO[how](user, held.id)
        assert attempts() >= 3
    assert ledger.balance(user).held == 0
