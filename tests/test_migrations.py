"""Migrations: numbered, reversible while nothing is lost, in step with the models."""

import re
from pathlib import Path

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from creditsapp import create_app
from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.services import verification, webhooks
from tests.builders import (
    event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
    spend,
)
from tests.conftest import settings_for
from tests.databases import contents, execute
from tests.everything import fill
from tests.forks import race

MONEY = ("wallets", "ledger_entries", "holds", "purchases", "payments", "payment_refunds")
ROOT = Path(__file__).parent.parent


def test_migrations_are_numbered_in_one_line_and_import_nothing_of_the_app():
    script = ScriptDirectory(str(ROOT / "migrations"))
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        assert re.match(r"\d{4}_[a-z_]+\.py$", path.name)
        assert "creditsapp" not in path.read_text()


def test_models_and_migrations_do_not_drift(context):
    flask_migrate.check()


def forget_bonuses(url):
    """Let nothing but the ledger stand in the way down."""
    execute(url, "DELETE FROM welcome_bonuses")


def test_down_loses_no_money_and_up_again_keeps_the_ledger(context, database_url, caplog):
    user = make_user(50)
    purchase = make_purchase(user)
    settle(payment_event(purchase))
    spend(user, 1)
    db.session.remove()
    forget_bonuses(database_url)
    before = contents(database_url)
    with pytest.raises(SystemExit):
        flask_migrate.downgrade(revision="0001")
    assert "would lose" in caplog.text
    db.session.remove()
    flask_migrate.upgrade()
    assert contents(database_url) == before


def test_an_empty_database_goes_down_to_nothing_and_up_again(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'empty.db'}"))
    with app.app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        flask_migrate.upgrade()
        db.engine.dispose()


def test_what_loses_nothing_goes_down_and_up_again(own_database):
    user = make_user(50)
    spend(user, 1)
    settle(payment_event(make_purchase(user), business_id=None) | {"business_id": None})
    settle(refund_event(payment_id="pay_9"), "msg_1")
    db.session.remove()
    with pytest.raises(SystemExit):
        flask_migrate.downgrade(revision="0010")  # who had welcome credits is not forgotten
    forget_bonuses(own_database)
    before = contents(own_database)
    flask_migrate.downgrade(revision="0010")
    columns = {column["name"] for column in inspect(db.engine).get_columns("webhook_events")}
    assert "next_attempt_at" not in columns
    flask_migrate.upgrade()
    flask_migrate.check()
    after = contents(own_database)
    for table in before.keys() - {"webhook_events", "mails"}:
        assert after[table] == before[table]
    assert verification.verify().problems == []


def test_with_something_in_every_table_it_goes_one_down_and_up_again(own_database):
    fill()
    before = contents(own_database)
    assert all(before.values())
    flask_migrate.downgrade()
    db.session.remove()
    flask_migrate.upgrade()
    after = contents(own_database)
    assert {table: after[table] for table in MONEY} == {table: before[table] for table in MONEY}
    assert verification.verify().problems == []


@pytest.mark.usefixtures("own_database")
def test_a_parked_webhook_of_an_older_schema_gets_a_next_attempt():
    settle(refund_event(payment_id="pay_9"), "msg_1")
    settle(event("license_key.created", None), "msg_2")
    db.session.remove()
    flask_migrate.downgrade(revision="0010")
    flask_migrate.upgrade()
    assert webhooks.find("msg_1").status == "parked"
    assert webhooks.find("msg_1").next_attempt_at is not None
    assert webhooks.find("msg_2").next_attempt_at is None


def upgraded():
    """What comes of migrating: nothing, or why it was refused."""
    try:
        flask_migrate.upgrade()
    except SystemExit as refusal:
        return str(refusal)


def test_three_that_migrate_an_empty_database_at_once_all_succeed(postgres, tmp_path):
    postgres.psql("CREATE DATABASE thrice")
    for url in (f"sqlite:///{tmp_path / 'thrice.db'}", postgres.get_uri("thrice")):
        app = create_app(settings_for(url))
        assert race(app, [upgraded] * 3) == [None] * 3
        with app.app_context():
            flask_migrate.check()
            db.engine.dispose()
    postgres.psql("DROP DATABASE thrice")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entries SET amount = amount",
        "UPDATE ledger_entries SET description = 'x' WHERE number = 1",
        "DELETE FROM ledger_entries",
    ],
)
def test_the_database_refuses_to_change_the_ledger(context, database_url, sql):
    make_user(50)
    db.session.remove()
    before = contents(database_url)
    with pytest.raises(DBAPIError, match="never changed"), db.engine.begin() as connection:
        connection.execute(text(sql))
    assert contents(database_url) == before


def test_postgresql_refuses_to_truncate_the_ledger_and_sqlite_to_replace_in_it(
    context, database_url
):
    make_user(50)
    db.session.remove()
    before = contents(database_url)
    columns = ", ".join(column.name for column in LedgerEntry.__table__.columns)
    other_number = columns.replace("number", "99", 1)
    replace = f"REPLACE INTO ledger_entries ({columns}) SELECT {{}} FROM ledger_entries"
    attempts = ["TRUNCATE ledger_entries CASCADE"]
    if database_url.startswith("sqlite"):
        attempts = [replace.format(columns), replace.format(other_number)]
    for sql in attempts:
        with pytest.raises(DBAPIError, match="never changed|UNIQUE"):
            with db.engine.begin() as connection:
                connection.execute(text(sql))
    assert contents(database_url) == before


WRONG_ROWS = {
    "a balance that is not lifetime": "UPDATE wallets SET balance = balance + 1",
    "negative held": "UPDATE wallets SET held = -1",
    "a usage that makes a debt": "INSERT INTO ledger_entries (user_id, number, amount,"
    " balance_after, type, description, details, idempotency_key, created_at) SELECT user_id, 9,"
    " -1, -1, 'usage', '', '{}', 'x', created_at FROM wallets",
    "a sign that does not match its type": "INSERT INTO ledger_entries (user_id, number, amount,"
    " balance_after, type, description, details, idempotency_key, created_at) SELECT user_id, 9,"
    " 1, 1, 'usage', '', '{}', 'x', created_at FROM wallets",
    "a key used twice": "INSERT INTO ledger_entries (user_id, number, amount, balance_after, type,"
    " description, details, idempotency_key, created_at) SELECT user_id, 9, 1, 1, 'bonus', '',"
    " '{}', 'welcome', created_at FROM wallets",
    "an entry without a wallet": "INSERT INTO ledger_entries (user_id, number, amount,"
    " balance_after, type, description, details, idempotency_key, created_at) SELECT 999, 9, 1, 1,"
    " 'bonus', '', '{}', 'x', created_at FROM wallets",
}


@pytest.mark.parametrize("sql", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_the_database_refuses_rows_that_break_a_rule(context, database_url, sql):
    make_user(50)
    db.session.remove()
    before = contents(database_url)
    with pytest.raises(DBAPIError), db.engine.begin() as connection:
        connection.execute(text(sql))
    assert contents(database_url) == before
