"""The role that serves does all that the app does, and cannot rewrite what has happened."""

import psycopg
import pytest

from creditsapp import create_app
from creditsapp.database.rights import RIGHTS
from creditsapp.extensions import db
from creditsapp.models import Base
from creditsapp.services import holds, ledger
from tests.builders import (
    csrf_token,
    make_purchase,
    make_user,
    overdue_hold,
    payment_event,
    refund_event,
    register,
    settle,
    spend,
)
from tests.conftest import settings_for
from tests.databases import on_postgresql
from tests.pooling import serving

REFUSED = [
    "UPDATE ledger_entries SET amount = amount",
    "DELETE FROM ledger_entries",
    "TRUNCATE ledger_entries",
    "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only",
    "DROP TRIGGER ledger_entries_append_only ON ledger_entries",
    "SET session_replication_role = replica",
    "DROP TABLE ledger_entries",
    "CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN NEW; END $$",
    "UPDATE operator_actions SET actor = 'somebody else'",
    "DELETE FROM operator_actions",
    "UPDATE holds SET amount = 1",
    "UPDATE purchases SET credits = credits * 2",
    "UPDATE wallets SET user_id = user_id + 1",
    "UPDATE grant_requests SET requested_by = 'somebody else'",
    "UPDATE webhook_events SET payload = ''",
    "UPDATE alembic_version SET version_num = '0001'",
]


def test_what_may_be_done_is_decided_for_every_table():
    assert RIGHTS.keys() == Base.metadata.tables.keys() | {"alembic_version"}


@on_postgresql
@pytest.mark.parametrize("order", REFUSED)
def test_the_role_that_serves_cannot_rewrite_what_has_happened(database_url, order):
    settings = settings_for(database_url, **serving(database_url))
    url = settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(order)


@on_postgresql
def test_the_role_that_serves_can_do_all_that_the_app_does(make_app, database_url, caplog):
    app = make_app(**serving(database_url))
    browser = app.test_client()
    register(browser, email="ada@example.com")
    headers = {"X-CSRFToken": csrf_token(browser.get("/studio/").text)}
    address = "/api/operations/theme_generation"
    assert browser.post(address, json={"prompt": "sea"}, headers=headers).status_code == 201
    with app.app_context():
        user = make_user(50, email="bob@example.com")
        spend(user, 1, key="k")
        holds.capture(user, holds.hold(user, 5, operation="test").id)
        holds.release(user, holds.hold(user, 5, operation="test").id)
        overdue_hold(user)
        settle(payment_event(make_purchase(user)))
        settle(refund_event(), "msg_2")
        assert ledger.balance(user).balance == 50 - 1 - 5 + 100 - 20
        db.session.remove()
    run = app.test_cli_runner().invoke
    for words in (
        "credits grant bob@example.com 5 --reason r --key g",
        "credits tick",
        "credits export -o -",
        "users disable bob@example.com --reason r",
        "users erase ada@example.com --reason r --yes",
        "users export bob@example.com",
        "credits stress --processes 2",
        "credits verify",
    ):
        answer = run(args=words.split())
        assert answer.exit_code == 0 or words == "credits tick", answer.output  # nobody is Dodo
        assert "permission denied" not in answer.output + caplog.text
    assert b"ada@example.com" not in browser.get("/account/").data


@on_postgresql
def test_a_role_that_nobody_has_made_is_named(database_url):
    url = serving(database_url)["database_url"].replace("credits_app", "nobody_here")
    app = create_app(settings_for(database_url, database_url=url, database_owner_url=database_url))
    answer = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert "no role nobody_here" in str(answer.exception.code)


@on_postgresql
def test_a_migration_grants_again_what_was_lost_and_takes_what_is_too_much(
    make_app, database_url, postgres
):
    postgres.psql(
        "GRANT TRIGGER ON ledger_entries TO credits_app; REVOKE ALL ON mails FROM credits_app;"
        "GRANT UPDATE ON holds TO credits_app; GRANT UPDATE (id) ON purchases TO credits_app;"
        "GRANT UPDATE ON ALL SEQUENCES IN SCHEMA public TO credits_app;"
        "GRANT CREATE ON SCHEMA public TO PUBLIC"
    )
    app = make_app(**serving(database_url))
    run = app.test_cli_runner().invoke
    before = run(args=["credits", "doctor"]).output
    assert "may not DELETE mails, INSERT mails, SELECT mails, UPDATE mails" in before
    assert "UPDATE holds, TRIGGER ledger_entries, " in before
    assert "UPDATE purchases, " in before
    assert "UPDATE users_id_seq" in before
    assert "may even create tables" in before
    assert run(args=["db", "upgrade"]).exit_code == 0
    assert (
        "may append to the ledger, and cannot rewrite it" in run(args=["credits", "doctor"]).output
    )
