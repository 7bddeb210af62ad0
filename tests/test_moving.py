"""From SQLite to PostgreSQL: the same rows under the same numbers, all or nothing."""

import json
import sqlite3

import pytest
from psycopg.conninfo import conninfo_to_dict

from creditsapp import create_app, schema
from creditsapp.database import timeouts
from creditsapp.extensions import db
from creditsapp.models import Base, OperatorAction
from creditsapp.services import holds, moving, verification
from creditsapp.services.errors import TryAgainLater
from tests.builders import make_purchase, make_user, spend
from tests.conftest import migrate, settings_for
from tests.databases import contents, empty, execute, nobody_can_write, on_postgresql, on_sqlite
from tests.everything import fill
from tests.servers import free_port


@pytest.fixture(scope="module")
def migrated_target(postgres):
    """A migrated PostgreSQL database to move to."""
    postgres.psql("CREATE DATABASE target")
    url = postgres.get_uri("target")
    migrate(url)
    yield url
    postgres.psql("DROP DATABASE target WITH (FORCE)")


@pytest.fixture
def target(migrated_target):
    empty(migrated_target)
    return migrated_target


def move(flask, url, *words):
    return flask("credits", "move-database", url, "--reason", "we grew", *words)


def rows(app):
    """Every row of every table as Python has it, without the trail of operators."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(db.select(table))))
            for table in Base.metadata.sorted_tables
            if table is not OperatorAction.__table__
        }


@on_sqlite
def test_every_row_moves_as_it_is_and_all_goes_on_there(flask, app, target, tmp_path):
    with app.app_context():
        fill()
    checkpoint = tmp_path / "checkpoint"
    flask("credits", "checkpoint", "-o", str(checkpoint))
    before, app.tampered = rows(app), True
    assert all(before.values())
    dry = move(flask, target, "--dry-run")
    assert (dry.exit_code, "Nothing was kept" in dry.stdout) == (0, True)
    assert not any(contents(target).values())
    answer = move(flask, target)
    assert answer.exit_code == 0, answer.output
    assert "ledger_entries: 8 rows" in answer.stderr

    new = create_app(settings_for(target))
    assert rows(new) == before
    run = new.test_cli_runner().invoke
    done = run(args=["credits", "verify", "--against", str(checkpoint)])
    assert done.exit_code == 0, done.output
    trail = json.loads(run(args=["credits", "audit", "--json"]).stdout)["actions"]
    newest = {"command": "credits move-database", "reason": "we grew", "subject": "all"}
    assert newest.items() <= trail[-1].items()
    with new.app_context():
        user = make_user(50)  # has a number that nobody has
        assert spend(user, 1).number == 2
        assert verification.verify().problems == []
        db.session.remove()
        db.engine.dispose()


@on_sqlite
def test_the_old_database_takes_no_more_writes_and_is_not_served(
    flask, client, context, target, database_url
):
    user, context.tampered = make_user(50), True
    db.session.remove()
    assert move(flask, target).exit_code == 0
    before = contents(database_url)
    with pytest.raises(TryAgainLater, match="Nothing was changed"):
        spend(user, 1)
    db.session.remove()
    for act in (
        lambda: make_user(1),
        lambda: make_purchase(user),
        lambda: holds.hold(user, 1, operation="x"),
    ):
        with pytest.raises(TryAgainLater, match="Nothing was changed"):
            act()
    db.session.remove()
    assert contents(database_url) == before
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "the database has moved")
    with pytest.raises(SystemExit, match="DATABASE_URL name the new one"):
        schema.refuse_another(settings_for(database_url))
    empty(target)
    assert move(flask, target).exit_code == 1


@on_sqlite
def test_what_cannot_be_moved_stays_and_leaves_nothing(
    flask, context, target, database_url, monkeypatch
):
    user = make_user(50)
    db.session.remove()
    before, newest = contents(database_url), schema.revisions()[-1]

    def refused(words):
        answer = move(flask, target)
        assert (answer.exit_code, answer.stderr.splitlines()[-1].count(words)) == (1, 1), answer
        assert contents(database_url) == before

    execute(target, "UPDATE alembic_version SET version_num = '0001'")
    refused("Migrate both")
    execute(target, f"UPDATE alembic_version SET version_num = '{newest}'")

    execute(target, "INSERT INTO welcome_networks VALUES ('x', '2026-01-01', 1)")
    refused("not empty: it has welcome_networks")
    empty(target)

    with nobody_can_write(database_url), monkeypatch.context() as patience:
        patience.setattr(timeouts, "LOCK_SECONDS", 0.1)
        refused("locked")

    execute(target, "CREATE ROLE clerk LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk")
    answer = move(flask, target.replace("postgres:@", "clerk:@"))
    assert (answer.exit_code, "permission denied" in answer.stderr) == (1, True)
    execute(target, "DROP OWNED BY clerk; DROP ROLE clerk")

    with monkeypatch.context() as spoilt:
        spoilt.setattr(moving, "_fingerprint", lambda table, connection: (0, id(connection)))
        refused("is not what it was made from")

    execute(database_url, "UPDATE users SET name = 'a' || char(0)")
    before = contents(database_url)
    refused("does not take users")
    assert not any(contents(target).values())

    execute(database_url, "UPDATE users SET name = ''")
    execute(database_url, f"UPDATE wallets SET held = 1 WHERE user_id = {user}")
    context.tampered, before = True, contents(database_url)
    refused("The ledger is not right")
    assert not any(contents(target).values())


@on_sqlite
def test_of_several_hosts_the_one_that_answers_is_moved_to(flask, target):
    sockets = conninfo_to_dict(target)["host"]
    name, hosts = conninfo_to_dict(target)["dbname"], f"127.0.0.1,{sockets}"
    url = f"postgresql://postgres@/{name}?host={hosts}&port={free_port()},5432"
    assert move(flask, url, "--dry-run").exit_code == 0
    answer = move(flask, "postgresql://u:secret@127.0.0.1:1,localhost:1/d")
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "secret" not in answer.output


@on_sqlite
def test_an_sqlite_that_cannot_save_that_it_has_moved_says_who_goes_on(
    flask, context, target, database_url, monkeypatch
):
    make_user(50)
    db.session.remove()
    before = contents(database_url)

    def retire(source, original=moving._retire):
        original(source)

        def deny(action, what, *_):
            commit = (action, what) == (sqlite3.SQLITE_TRANSACTION, "COMMIT")
            return sqlite3.SQLITE_DENY if commit else sqlite3.SQLITE_OK

        source.connection.dbapi_connection.set_authorizer(deny)

    monkeypatch.setattr(moving, "_retire", retire)
    answer = move(flask, target)
    db.engine.dispose()
    assert answer.exit_code == 1
    assert "did not save that it has moved" in answer.stderr.splitlines()[-1]
    assert contents(database_url) == before
    assert all(contents(target)[table] for table in ("users", "operator_actions"))


@on_sqlite
@pytest.mark.parametrize(
    "url",
    ["nonsense", "sqlite:////tmp/x.db", "mysql://a:secret@b/c", "postgresql://a:secret@b:x/c"],
)
def test_only_postgresql_can_be_moved_to(flask, url):
    answer = move(flask, url)
    assert (answer.exit_code, "Invalid value for 'URL'" in answer.stderr) == (2, True)
    assert "secret" not in answer.output


@on_postgresql
def test_only_sqlite_can_be_moved_from(flask, target):
    answer = move(flask, target)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
