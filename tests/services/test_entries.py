"""What an entry keeps: everything the call said, in the order of time, and nothing else."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, OperatorAction
from creditsapp.models.types import InvalidAmount
from creditsapp.services import history, holds, ledger, wallets
from creditsapp.services.errors import InsufficientCredits
from creditsapp.services.ledger import Usage
from creditsapp.services.posting import InvalidText
from tests.builders import (
    make_purchase,
    make_user,
    overdue_hold,
    payment_event,
    settle,
    spend,
)
from tests.databases import contents, on_postgresql, while_locked

pytestmark = pytest.mark.usefixtures("context")


def columns(entry):
    return {column.name: getattr(entry, column.key) for column in LedgerEntry.__table__.columns}


ACTS = {
    "spend": lambda user: [
        ledger.spend(user, 1, operation="a", description="b", details={"c": [1]}, key="k")
    ],
    "a plain spend": lambda user: [ledger.spend(user, 1, operation="a")],
    "spend_many": lambda user: ledger.spend_many(
        user, [Usage(1, "a", "b", {"c": [1]}, "k"), Usage(2, "d")]
    ),
    "grant": lambda user: [ledger.grant(user, 1, description="b", key="k", actor="ada")],
    "adjust": lambda user: [ledger.adjust(user, -1, description="b", key="k", actor="ada")],
    "refund_usage": lambda user: [ledger.refund_usage(spend(user, 3), 1, key="k")],
    "capture": lambda user: [
        holds.capture(user, holds.hold(user, 3, operation="a", description="b").id, 1, key="k")
    ],
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_the_entry_that_a_call_returns_is_the_one_that_is_kept(act):
    user = make_user(50)
    began = datetime.now(UTC)
    made = [columns(entry) for entry in act(user)]
    db.session.remove()
    kept = reversed(ledger.history(user, limit=len(made))[0])
    assert [columns(entry) for entry in kept] == made
    assert all(began <= entry["created_at"] <= datetime.now(UTC) for entry in made)


def kept(user):
    """The newest entry as it stands, without what is not said."""
    found = columns(ledger.history(user, limit=1)[0][0])
    return {name: value for name, value in found.items() if value not in (None, "", {})}


SAID = {
    "spend": {
        "amount": -1,
        "balance_after": 49,
        "type": "usage",
        "operation": "a",
        "description": "b",
        "details": {"c": [1]},
        "idempotency_key": "key:k",
    },
    "grant": {
        "amount": 1,
        "balance_after": 51,
        "type": "bonus",
        "description": "b",
        "idempotency_key": "key:k",
        "actor": "ada",
    },
    "adjust": {
        "amount": -1,
        "balance_after": 49,
        "type": "adjustment",
        "description": "b",
        "idempotency_key": "key:k",
        "actor": "ada",
    },
    "refund_usage": {
        "amount": 1,
        "balance_after": 48,
        "type": "refund",
        "operation": "test",
        "description": "Given back",
        "idempotency_key": "key:k",
        "refunded_number": 2,
    },
}


@pytest.mark.parametrize("act", SAID)
def test_an_entry_keeps_what_the_call_said_and_no_more(act):
    user = make_user(50)
    (entry,) = ACTS[act](user)
    found = kept(user)
    assert (found.pop("user_id"), found.pop("number")) == (user, entry.number)
    assert found.pop("created_at") == entry.created_at
    assert found == SAID[act]


def test_a_capture_names_its_hold_and_has_its_words():
    user = make_user(50)
    held = holds.hold(user, 3, operation="a", description="b")
    holds.capture(user, held.id)
    found = kept(user)
    assert (found["hold_id"], found["idempotency_key"]) == (held.id, f"hold:{held.id}")
    assert (found["operation"], found["description"], found["amount"]) == ("a", "b", -3)


def test_an_entry_of_a_payment_names_it_and_its_purchase():
    user = make_user(50)
    purchase = make_purchase(user)
    settle(payment_event(purchase))
    found = ledger.entry(user, 2)
    assert (found.purchase_id, found.payment_id) == (purchase.id, "pay_1")


@pytest.mark.parametrize("act", ["spend_many", "a plain spend"])
def test_usages_without_more_words_have_none(act):
    user = make_user(50)
    found = ledger.entry(user, ACTS[act](user)[-1].number)
    assert (found.description, found.details) == ("", {})
    assert found.idempotency_key.startswith("auto:")


TEXTS = {
    "operation": (64, lambda user, text: ledger.spend(user, 1, operation=text)),
    "description": (500, lambda user, text: ledger.grant(user, 1, description=text)),
    "actor": (120, lambda user, text: ledger.grant(user, 1, description="", actor=text)),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_as_long_as_can_be_is_kept_and_a_longer_one_refused(name):
    longest, act = TEXTS[name]
    user = make_user()
    act(user, "x" * longest)
    assert getattr(ledger.entry(user, 2), name) == "x" * longest
    for text in ("x" * (longest + 1), "nul\0"):
        with pytest.raises(InvalidText):
            act(user, text)
    assert ledger.balance(user).version == 2


@pytest.mark.parametrize("what", [5, b"test", ["test"]])
def test_what_is_no_text_is_named(what):
    with pytest.raises(TypeError, match="a text, not"):
        ledger.spend(make_user(), 1, operation=what)


def actions():
    return db.session.scalars(select(OperatorAction)).all()


@pytest.mark.parametrize(
    ("command", "amount"), [("credits grant", "2"), ("credits adjust", "-2.5")]
)
def test_an_operators_change_leaves_a_line_that_says_who_what_and_why(command, amount):
    act = getattr(ledger, command.removeprefix("credits "))
    user = make_user()
    act(user, Decimal(amount), description="sorry", key="k", actor="ada")
    act(user, Decimal(amount), description="sorry", key="k", actor="ada")
    (line,) = actions()
    assert (line.actor, line.command, line.subject) == ("ada", command, f"user {user}")
    assert (line.reason, line.idempotency_key) == ("sorry", "key:k")
    assert line.details == {"amount": amount, "number": 2}


def test_what_no_operator_did_leaves_no_line():
    ledger.grant(make_user(), 1, description="from a program")
    assert actions() == []


def test_a_history_is_its_users_own():
    one, two = make_user(), make_user()
    spend(two, 1)
    assert [entry.user_id for entry in ledger.history(one)[0]] == [one]
    assert [entry.user_id for entry in ledger.history(two)[0]] == [two, two]


def test_history_shows_fifty_entries_unless_told():
    user = make_user(50)
    ledger.spend_many(user, [Usage(1, "test")] * 50)
    found, older = ledger.history(user)
    assert [entry.number for entry in found] == list(range(51, 1, -1))
    assert older == 2


def test_the_oldest_entries_come_in_their_order_above_a_number():
    user, other = make_user(), make_user()
    for number in range(4):
        spend((user, other)[number == 1], 1)
    numbers = [entry.number for entry in history.oldest(user, after=1, limit=2)]
    assert numbers == [2, 3]
    assert [entry.number for entry in history.oldest(user, after=0, limit=9)] == [1, 2, 3, 4]


def test_an_entry_that_is_not_there_is_a_lookup_error():
    user = make_user()
    assert ledger.entry(user, 1).type == "initial"
    with pytest.raises(LookupError):
        ledger.entry(user, 2)


def test_what_is_given_back_counts_for_its_own_usage_and_user_only():
    one, two = make_user(), make_user()
    usages = [spend(one, 3), spend(one, 4), spend(two, 5)]
    ledger.refund_usage(usages[0])
    assert ledger.refund_usage(usages[1]).amount == 4
    assert ledger.refund_usage(usages[2]).amount == 5
    assert ledger.balance(one).balance == ledger.balance(two).balance == 50


@on_postgresql
@pytest.mark.parametrize("act", ["spend", "spend_many", "grant"])
def test_an_entry_is_not_older_than_the_lock_it_waited_for(app, database_url, act):
    user = make_user(50)
    row = f"SELECT 1 FROM wallets WHERE user_id = {user} FOR UPDATE"
    with while_locked(app, database_url, row, [lambda: ACTS[act](user)[0]]) as (results, watcher):
        (let_go,) = watcher.execute("SELECT clock_timestamp()").fetchone()
    assert results[0].created_at > let_go


def test_what_is_given_back_to_a_full_wallet_is_refused(database_url):
    user = make_user(10**12)
    usage = spend(user, 5)
    ledger.grant(user, 5, description="test")
    before = contents(database_url)
    with pytest.raises(InvalidAmount):
        ledger.refund_usage(usage)
    assert contents(database_url) == before


def test_a_lifetime_of_use_that_cannot_be_kept_is_refused(database_url):
    user = make_user(10**12)
    spend(user, 10**12)
    ledger.grant(user, 10, description="test")
    held = holds.hold(user, 5, operation="test").id
    db.session.remove()
    before = contents(database_url)
    for act in (
        lambda: spend(user, 1),
        lambda: ledger.spend_many(user, [Usage(1, "test")]),
        lambda: holds.capture(user, held),
    ):
        with pytest.raises(InvalidAmount):
            act()
    db.session.remove()
    assert contents(database_url) == before


@on_postgresql
def test_one_key_twice_at_once_frees_what_is_overdue_and_is_spent_once(app, database_url):
    user = make_user(20)
    overdue_hold(user, 15)
    db.session.remove()
    row = f"SELECT 1 FROM wallets WHERE user_id = {user} FOR UPDATE"
    acts = [lambda: spend(user, 6, key="k").number] * 2
    with while_locked(app, database_url, row, acts) as (results, _):
        pass
    assert results == [2, 2]
    assert ledger.balance(user).available == 14


REFUSED = {
    "spend": lambda user, _hold: spend(user, 3),
    "spend_many": lambda user, _hold: ledger.spend_many(user, [Usage(3, "test")]),
    "hold": lambda user, _hold: holds.hold(user, 3, operation="test"),
    "capture": lambda user, hold: holds.capture(user, hold),
}


@on_postgresql
@pytest.mark.parametrize("act", REFUSED)
def test_a_refusal_tells_of_the_wallet_that_refused_and_not_of_a_later_one(app, monkeypatch, act):
    user = make_user(5)
    held = holds.hold(user, 5, operation="test").id
    ledger.adjust(user, -3, description="leaves 2, and 5 of it held")
    look = wallets._balance

    def give():
        with app.app_context():
            ledger.grant(user, 100, description="meanwhile")

    with ThreadPoolExecutor() as threads:

        def refuse_while_somebody_gives(*arguments):
            wait([threads.submit(give)], timeout=0.3)
            return look(*arguments)

        monkeypatch.setattr(wallets, "_balance", refuse_while_somebody_gives)
        with pytest.raises(InsufficientCredits) as refusal:
            REFUSED[act](user, held)
    monkeypatch.undo()
    assert refusal.value.balance == 2
    assert ledger.balance(user).balance == 102


@on_postgresql
def test_two_at_once_cannot_give_back_more_than_a_usage_took(app, database_url):
    user = make_user(50)
    usage = spend(user, 10)
    row = f"SELECT 1 FROM wallets WHERE user_id = {user} FOR UPDATE"
    acts = [lambda: ledger.refund_usage(usage, 6)] * 2
    with while_locked(app, database_url, row, acts) as (results, _):
        pass
    assert sorted(type(result).__name__ for result in results) == ["LedgerEntry", "RefundTooLarge"]
    assert ledger.balance(user).balance == 46
