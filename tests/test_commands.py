"""The operators' commands: exact, repeatable, one clear line for each refusal."""

import json

import pytest

from creditsapp.extensions import db
from creditsapp.models import OperatorAction
from creditsapp.services import holds, verification
from tests.builders import (
    make_purchase,
    make_user,
    overdue_hold,
    payment_event,
    refund_event,
    settle,
    spend,
)
from tests.databases import contents, execute


@pytest.fixture
def ada(app):
    with app.app_context():
        return make_user(50, email="ada@example.com")


def test_a_grant_is_an_entry_with_its_reason_and_its_author(flask, app, ada):
    answer = flask("credits", "grant", "Ada@Example.com", "7.5", "--reason", "for the trouble")
    assert (answer.exit_code, "7.5 credits" in answer.stdout) == (0, True)
    newest = json.loads(flask("credits", "history", "ada@example.com", "--json").stdout)
    entry = newest["transactions"][0]
    assert (entry["type"], entry["amount"], entry["balanceAfter"]) == ("bonus", 7.5, 57.5)
    assert entry["description"] == "for the trouble"
    with app.app_context():
        (action,) = db.session.scalars(db.select(OperatorAction))
        assert (action.command, action.reason) == ("credits grant", "for the trouble")
        assert "@" in action.actor


def test_a_grant_repeated_with_its_key_changes_nothing(flask, ada, database_url):
    words = ("credits", "grant", "ada@example.com", "5", "--reason", "r", "--key", "k")
    first = flask(*words)
    before = contents(database_url)
    again = flask(*words)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    other = flask("credits", "grant", "ada@example.com", "6", "--reason", "r", "--key", "k")
    assert (other.exit_code, other.stderr.count("\n")) == (1, 1)
    assert contents(database_url) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("grant", "ada@example.com", "5"), 2),
        (("grant", "ada@example.com", "5", "--reason", " "), 2),
        (("grant", "ada@example.com", "0", "--reason", "r"), 2),
        (("grant", "ada@example.com", "-5", "--reason", "r"), 2),
        (("grant", "ada@example.com", "1.00001", "--reason", "r"), 2),
        (("grant", "ada@example.com", "NaN", "--reason", "r"), 2),
        (("grant", "ada@example.com", "many", "--reason", "r"), 2),
        (("grant", "ada@example.com", "1e13", "--reason", "r"), 2),
        (("grant", "ada@example.com", "5", "--reason", "r", "--key", "a b"), 1),
        (("grant", "nobody@example.com", "5", "--reason", "r"), 1),
        (("grant", "ada@example.com", "1000000000000", "--reason", "r"), 1),
        (("grant", "no address", "5", "--reason", "r"), 1),
        (("adjust", "ada@example.com", "-3.5"), 2),
        (("adjust", "ada@example.com", "0", "--reason", "r"), 2),
        (("adjust", "ada@example.com", "-3.00001", "--reason", "r"), 2),
        (("adjust", "nobody@example.com", "-3", "--reason", "r"), 1),
        (("balance", "nobody@example.com"), 1),
        (("history", "nobody@example.com"), 1),
        (("history", "ada@example.com", "--limit", "0"), 2),
        (("balance",), 2),
    ],
)
def test_a_refusal_has_its_code_and_changes_nothing(flask, ada, database_url, words, code):
    before = contents(database_url)
    answer = flask("credits", *words)
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert answer.stderr
    assert contents(database_url) == before


def test_an_adjustment_takes_a_signed_amount_as_written(flask, app, ada):
    words = ("credits", "adjust", "ada@example.com", "-3.5", "--reason", "wrong price")
    assert flask(*words, "--key", "k").exit_code == flask(*words, "--key", "k").exit_code == 0
    entries = json.loads(flask("credits", "history", "ada@example.com", "--json").stdout)
    newest = entries["transactions"][0]
    assert (newest["number"], newest["type"], newest["amount"]) == (2, "adjustment", -3.5)
    with app.app_context():
        (action,) = db.session.scalars(db.select(OperatorAction))
        assert action.command == "credits adjust"


def test_expired_holds_are_released(flask, app, ada):
    with app.app_context():
        holds.hold(ada, 5, operation="test")
        overdue_hold(ada)
    assert flask("credits", "release-holds").stdout == "1 released\n"
    assert json.loads(flask("credits", "balance", "ada@example.com", "--json").stdout)["held"] == 5


def test_a_balance_names_what_is_held(flask, app, ada):
    with app.app_context():
        holds.hold(ada, 5, operation="test")
    answer = flask("credits", "balance", "ada@example.com", "--json")
    assert json.loads(answer.stdout) == {"balance": 50, "held": 5, "available": 45, "version": 1}
    assert "45 credits available" in flask("credits", "balance", "ada@example.com").stdout


def test_control_characters_do_not_reach_the_terminal(flask, app, ada):
    with app.app_context():
        spend(ada, 1, description="\x1b[31mred\nline")
    lines = flask("credits", "history", "ada@example.com").stdout
    assert "\x1b" not in lines and lines.count("\n") == 2


def test_verify_finds_nothing_wrong(flask, app, ada):
    with app.app_context():
        held = holds.hold(ada, 5, operation="test")
        holds.capture(ada, held.id, 2)
        holds.hold(ada, 5, operation="test")
        spend(ada, 3)
    answer = flask("credits", "verify", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == {"ok": True, "wallets": 1, "entries": 3, "problems": []}


TAMPERINGS = {
    "an edited amount": "UPDATE ledger_entries SET amount = amount + 10000 WHERE number = 1",
    "a missing entry": "DELETE FROM ledger_entries WHERE number = 2",
    "a last entry cut off": "DELETE FROM ledger_entries WHERE number = 3",
    "an edited balance after": "UPDATE ledger_entries SET balance_after = 1 WHERE number = 3",
    "a balance after with the other sign": "UPDATE ledger_entries"
    " SET balance_after = -balance_after WHERE number = 1",
    "two balances after that make up for each other": "UPDATE ledger_entries"
    " SET balance_after = balance_after + 10000 * (2 * number - 5) WHERE number > 1",
    "an absurd balance after": "UPDATE ledger_entries"
    " SET balance_after = 9223372036854775807 WHERE number = 2",
    "a forged balance": "UPDATE wallets SET balance = balance + 10000,"
    " lifetime_added = lifetime_added + 10000",
    "forged held credits": "UPDATE wallets SET held = held + 10000",
    "forged lifetime figures": "UPDATE wallets SET lifetime_added = lifetime_added + 1,"
    " lifetime_used = lifetime_used + 1",
    "a forged version": "UPDATE wallets SET version = version + 1",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
def test_verify_names_the_wallet_that_was_tampered_with(flask, app, ada, database_url, tampering):
    with app.app_context():
        spend(ada, 3)
        spend(ada, 3)
        make_user(50, email="bystander@example.com")
    execute(
        database_url,
        f"{tampering}{' AND' if 'WHERE' in tampering else ' WHERE'} user_id = {ada}",
        without_triggers=True,
    )
    app.tampered = True
    answer = flask("credits", "verify", "--json")
    assert answer.exit_code == 1
    (problem,) = json.loads(answer.stdout)["problems"]
    assert (problem["userId"], problem["email"]) == (ada, "ada@example.com")
    assert "ada@example.com" in flask("credits", "verify").stderr


def test_verify_looks_at_all_wallets_however_many_at_a_time(app, ada, database_url, monkeypatch):
    monkeypatch.setattr(verification, "CHUNK", 1)
    with app.app_context():
        others = [make_user(50) for _ in range(4)]
        assert (verification.verify().wallets, verification.verify().entries) == (5, 5)
        db.session.remove()
        execute(
            database_url,
            f"DELETE FROM ledger_entries WHERE user_id = {others[1]}",
            without_triggers=True,
        )
        execute(
            database_url, f"DELETE FROM wallets WHERE user_id = {others[3]}", without_triggers=True
        )
        app.tampered = True
        found = {problem.user_id for problem in verification.verify().problems}
        assert found == {others[1], others[3]}


def test_verify_names_the_usage_that_does_not_fit_its_hold(flask, app, ada, database_url):
    with app.app_context():
        holds.capture(ada, holds.hold(ada, 5, operation="test").id)
        make_user(50, email="bystander@example.com")
    execute(database_url, f"UPDATE holds SET amount = 1 WHERE user_id = {ada}")
    app.tampered = True
    answer = flask("credits", "verify", "--json")
    (problem,) = json.loads(answer.stdout)["problems"]
    assert (problem["userId"], problem["number"]) == (ada, 2)


REWRITINGS = {
    "the last entries cut off with the wallet rewritten": (
        "DELETE FROM ledger_entries WHERE number = 3",
        "UPDATE wallets SET balance = 470000, version = 2, lifetime_used = 30000 WHERE version = 3",
    ),
    "a rewritten history": (
        "UPDATE ledger_entries SET description = 'never mind' WHERE number = 2",
    ),
}


@pytest.mark.parametrize("rewriting", REWRITINGS.values(), ids=REWRITINGS)
def test_a_checkpoint_tells_what_the_tables_no_longer_do(
    flask, app, ada, database_url, tmp_path, rewriting
):
    path = tmp_path / "checkpoint"
    with app.app_context():
        spend(ada, 3)
        spend(ada, 3)
        make_user(50)
    made = flask("credits", "checkpoint", "-o", str(path))
    assert made.exit_code == 0, made.stderr
    with app.app_context():
        spend(make_user(50), 3)
    assert flask("credits", "verify", "--against", str(path)).exit_code == 0
    with app.app_context():
        db.session.remove()
    for sql in rewriting:
        execute(database_url, f"{sql} AND user_id = {ada}", without_triggers=True)
    assert flask("credits", "verify").exit_code == 0
    answer = flask("credits", "verify", "--against", str(path), "--json")
    (problem,) = json.loads(answer.stdout)["problems"]
    assert (answer.exit_code, problem["email"]) == (1, "ada@example.com")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[50:],
        lambda text: text + b"{}",
        lambda _: b"x",
        lambda _: b"\xff\xfe\x00",
        lambda _: b"[" * 100_000,
        lambda _: b"[]",
        lambda _: b'{"userId": 1, "number": "a", "hash": "x"}',
        lambda _: b'{"userId": %d, "number": 1, "hash": "x"}' % 2**70,
    ],
)
def test_a_checkpoint_that_was_changed_itself_is_refused(flask, ada, tmp_path, change):
    path = tmp_path / "checkpoint"
    flask("credits", "checkpoint", "-o", str(path))
    path.write_bytes(change(path.read_bytes()))
    answer = flask("credits", "verify", "--against", str(path))
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert flask("credits", "verify", "--against", "no such file").exit_code == 2


PAYMENT_TAMPERINGS = {
    "credits that were never taken back": "UPDATE payments SET reversed_credits = 0",
    "a forged refund": "UPDATE payment_refunds SET amount = 200",
    "a refund that vanished": "DELETE FROM payment_refunds",
}


@pytest.mark.parametrize("sql", PAYMENT_TAMPERINGS.values(), ids=PAYMENT_TAMPERINGS)
def test_verify_finds_credits_that_do_not_fit_their_refunds(flask, app, ada, database_url, sql):
    with app.app_context():
        settle(payment_event(make_purchase(ada)))
        settle(refund_event(amount=100))
        db.session.remove()
    assert flask("credits", "verify").exit_code == 0
    execute(database_url, sql)
    app.tampered = True
    answer = flask("credits", "verify", "--json")
    (problem,) = json.loads(answer.stdout)["problems"]
    assert (answer.exit_code, problem["email"]) == (1, "ada@example.com")
    assert "pay_1" in problem["problem"]


def test_users_are_made_with_welcome_credits_and_listed(flask):
    made = flask("users", "create", "Bob@Example.com", "--password", "long enough", "--name", "Bob")
    assert made.exit_code == 0
    (bob, *_) = json.loads(flask("users", "list", "--json").stdout)["users"]
    assert (bob["email"], bob["name"]) == ("bob@example.com", "Bob")
    assert "50 credits" in flask("credits", "balance", "bob@example.com").stdout
    words = ("users", "create", "eve@example.com", "--password", "long enough", "--key", "k")
    assert flask(*words).stdout == flask(*words).stdout != ""
    again = flask("users", "create", "bob@example.com", "--password", "long enough")
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)


def test_a_password_is_made_up_where_none_is_given(flask, client):
    made = flask("users", "create", "bob@example.com")
    assert "password: " in made.stdout


@pytest.mark.parametrize("words", [("no address",), ("a@example.com", "--password", "short")])
def test_a_user_that_cannot_be_made_is_refused_in_one_line(flask, words, database_url):
    before = contents(database_url)
    answer = flask("users", "create", *words)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert contents(database_url) == before


def test_every_command_has_help(app):
    for group_name in ("credits", "users", "sandbox"):
        group = app.cli.commands[group_name]
        assert group.help
        assert all(command.help for command in group.commands.values())
