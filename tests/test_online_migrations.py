"""Migrating while the app is at work: nobody waits long, and no older version breaks."""

import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import flask_migrate
import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Engine, event, inspect

from creditsapp import create_app, schema
from creditsapp.database import timeouts
from creditsapp.extensions import db
from tests.builders import make_user
from tests.conftest import settings_for
from tests.databases import nobody_can_write
from tests.online_rules import objections

on_postgresql = pytest.mark.parametrize("own_database", ["postgresql"], indirect=True)
NOBODY_USED_IT = "0020"


def migrated_to():
    with db.engine.connect() as connection:
        return schema.look(connection).words


@pytest.fixture
def older(own_database):
    """A database that is a migration behind, whose step takes a lock on creations."""
    flask_migrate.downgrade(revision="0020")
    return own_database


@contextmanager
def reading_creations(url):
    """A transaction that has read creations, and goes on."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT count(*) FROM creations")
        yield connection


@on_postgresql
def test_a_table_in_use_is_waited_for_in_turns_and_its_writers_go_on(older):
    app = current_app._get_current_object()

    def upgrade():
        with app.app_context():
            flask_migrate.upgrade()

    with (
        ThreadPoolExecutor() as threads,
        reading_creations(older) as reader,
        psycopg.connect(older, autocommit=True) as writer,
    ):
        upgrading = threads.submit(upgrade)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
        deadline = time.monotonic() + 30
        while writer.execute(waits).fetchone() == (0,):
            assert time.monotonic() < deadline, "nobody waits for the table"
            time.sleep(0.01)
        writer.execute("DELETE FROM creations")  # behind the migration, which gives up
        assert not upgrading.done()
        reader.commit()
        upgrading.result(60)
    assert migrated_to() == f"migrated to {schema.revisions()[-1]}"


@on_postgresql
@pytest.mark.parametrize("words", ["does not answer", "refused a migration: .*read-only"])
def test_a_server_that_says_nothing_or_takes_no_writes_is_one_line(older, monkeypatch, words):
    monkeypatch.setattr(timeouts, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d"
        if "read-only" in words:
            url = f"{older}&options=-cdefault_transaction_read_only%3Don"
        app = create_app(settings_for("", database_url=url))
        with app.app_context(), pytest.raises(SystemExit, match=words) as refusal:
            flask_migrate.upgrade()
    assert "\n" not in str(refusal.value)


def test_a_migration_that_is_held_up_for_good_gives_up_with_nothing_changed(older, monkeypatch):
    monkeypatch.setattr(timeouts, "LOCK_SECONDS", 0.1)
    holding = reading_creations if older.startswith("postgresql") else nobody_can_write
    with holding(older), pytest.raises(SystemExit, match="did not let go"):
        flask_migrate.upgrade(x_arg=["seconds=0"])
    assert "the schema is 0020" in migrated_to()
    with pytest.raises(SystemExit, match="is a number"):
        flask_migrate.upgrade(x_arg=["seconds=soon"])


CONCURRENT = '''"""One more index."""

from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_mails_kind", "mails", ["kind"], postgresql_concurrently=True)


def downgrade():
    op.drop_index("ix_mails_kind", table_name="mails")
'''


def test_an_index_can_be_built_while_rows_are_written(own_database, tmp_path):
    make_user(50)
    db.session.remove()
    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    step = tmp_path / "migrations" / "versions" / "9999_one_more_index.py"
    step.write_text(CONCURRENT.format(newest=schema.revisions()[-1]))
    writer = None
    if own_database.startswith("postgresql"):
        writer = psycopg.connect(own_database)
        writer.execute("SELECT 1 FROM wallets FOR UPDATE")  # is at work on another table
    flask_migrate.upgrade(directory=str(tmp_path / "migrations"))
    assert "ix_mails_kind" in {index["name"] for index in inspect(db.engine).get_indexes("mails")}
    assert migrated_to().startswith("migrated to 9999")
    flask_migrate.downgrade(directory=str(tmp_path / "migrations"))
    if writer:
        writer.close()


@on_postgresql
@pytest.mark.usefixtures("own_database")
def test_no_migration_of_a_database_in_use_breaks_an_older_version_or_holds_up_the_app():
    scripts = {
        script.revision: script
        for script in ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions()
    }
    flask_migrate.downgrade(revision=NOBODY_USED_IT)
    for revision in schema.revisions():
        if revision > NOBODY_USED_IT:
            statements = []

            def note(_connection, _cursor, statement, *_rest, to=statements):
                to.append(statement)

            event.listen(Engine, "before_cursor_execute", note)
            try:
                flask_migrate.upgrade(revision=revision)
            finally:
                event.remove(Engine, "before_cursor_execute", note)
            contracts = "_contract_" in scripts[revision].path
            assert statements
            assert list(objections(statements, contracts=contracts)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX ix_things ON ledger_entries (amount)",
        "CREATE UNIQUE INDEX ix_things ON holds (amount)",
        "ALTER TABLE users ADD COLUMN theme VARCHAR(9) NOT NULL",
        "ALTER TABLE users ADD CONSTRAINT ck_users CHECK (id > 0)",
        "ALTER TABLE users ALTER COLUMN id TYPE INTEGER",
        "ALTER TABLE users ALTER COLUMN verified_at SET NOT NULL",
        "ALTER TABLE users RENAME COLUMN name TO names",
        "ALTER TABLE users RENAME TO people",
        "UPDATE users SET name = ''",
        "DELETE FROM mails",
        "ALTER TABLE users DROP COLUMN name",
        "DROP TABLE mails",
    ],
)
def test_what_would_break_or_hold_up_is_objected_to(statement):
    assert len(list(objections([statement]))) == 1
    assert list(objections([statement], contracts=True)) == [] or "DROP" not in statement


def test_what_expands_is_fine():
    expanding = [
        "CREATE TABLE things (id INTEGER NOT NULL, CONSTRAINT pk_things PRIMARY KEY (id))",
        "CREATE INDEX ix_things ON things (id)",
        "CREATE INDEX CONCURRENTLY ix_ledger ON ledger_entries (amount)",
        "ALTER TABLE users ADD COLUMN theme VARCHAR(9) DEFAULT 'light' NOT NULL",
        "ALTER TABLE users ADD COLUMN nickname VARCHAR(9)",
        "ALTER TABLE users ADD CONSTRAINT ck_users CHECK (id > 0) NOT VALID",
        "UPDATE alembic_version SET version_num='0021' WHERE version_num = '0020'",
        "DROP INDEX ix_things",
    ]
    assert list(objections(expanding)) == []
