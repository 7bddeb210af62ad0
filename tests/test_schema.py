"""Another schema: refused where this version cannot use it, and gone on with where it can."""

import subprocess
import sys

import pytest
from sqlalchemy import text

from creditsapp import create_app, schema
from creditsapp.extensions import db
from creditsapp.settings import INSTANCE
from tests.conftest import settings_for
from tests.databases import execute, on_postgresql
from tests.servers import ROOT, free_port

NEWEST = schema.revisions()[-1]


def found_after(*statements):
    """What is found of a schema after changes, which are rolled back."""
    with db.engine.connect().execution_options(writes=True) as connection:
        for statement in statements:
            connection.execute(text(statement))
        found = schema.look(connection)
        connection.rollback()
    return found


def at(revision):
    return f"UPDATE alembic_version SET version_num = '{revision}'"


@pytest.mark.usefixtures("context")
def test_a_schema_of_another_version_is_used_where_it_fits():
    assert found_after() == (True, f"migrated to {NEWEST}", "")
    assert found_after(at("0001")) == (
        False,
        f"the schema is 0001, this version needs {NEWEST}",
        "Run `flask db upgrade`.",
    )
    newer = (
        "CREATE TABLE things (id INTEGER NOT NULL)",
        "ALTER TABLE users ADD COLUMN nickname VARCHAR(9)",
        "ALTER TABLE users ADD COLUMN theme VARCHAR(9) DEFAULT 'light' NOT NULL",
    )
    assert found_after(at("9999"), *newer).usable
    for contracted, words in (
        ("ALTER TABLE users DROP COLUMN language", "has no users.language"),
        ("DROP TABLE ended_sessions", "has no ended_sessions."),
    ):
        found = found_after(at("9999"), *newer, contracted)
        assert not found.usable
        assert words in found.words
        assert found.advice


@on_postgresql
@pytest.mark.usefixtures("context")
def test_a_newer_schema_that_wants_what_this_version_does_not_write_is_refused():
    found = found_after(at("9999"), "ALTER TABLE mails ADD COLUMN sender VARCHAR(9) NOT NULL")
    assert not found.usable
    assert "wants mails.sender" in found.words


def test_a_running_version_stays_ready_while_a_newer_one_comes(client, database_url):
    execute(database_url, at("9999"))
    try:
        assert client.get("/readyz").status_code == 200
        execute(database_url, at("0001"))
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
        assert "0001" in answer.json["reason"]
    finally:
        execute(database_url, at(NEWEST))


@pytest.fixture(scope="module")
def unmigrated(tmp_path_factory):
    """An SQLite database with nothing in it."""
    path = tmp_path_factory.mktemp("new") / "credits.db"
    path.touch()
    return f"sqlite:///{path}"


def test_gunicorn_does_not_start_on_a_schema_that_is_not_right(unmigrated):
    environment = {"PATH": "/usr/bin:/bin", "DATABASE_URL": unmigrated, "PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "wsgi:app"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.endswith("\nThe database is not migrated. Run `flask db upgrade`.\n")
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_refused_and_not_made(tmp_path):
    with pytest.raises(SystemExit, match="no file .* `flask db upgrade`"):
        schema.refuse_another(settings_for(f"sqlite:///{tmp_path}/new.db"))
    assert not (tmp_path / "new.db").exists()


def test_all_agree_where_a_relative_file_lies():
    app = create_app(settings_for("sqlite:///rel.db"))
    with app.app_context():
        assert db.engine.url.database == str(INSTANCE / "rel.db")
    with pytest.raises(SystemExit, match=f"no file {INSTANCE}/rel.db"):
        schema.refuse_another(settings_for("sqlite:///rel.db"))
    assert settings_for("sqlite://").database_url == "sqlite://"


def test_a_database_that_does_not_answer_is_waited_for():
    schema.refuse_another(settings_for(f"postgresql://nobody@127.0.0.1:{free_port()}/credits"))


def test_an_unmigrated_database_is_not_ready_and_named_by_commands(unmigrated):
    app = create_app(settings_for(unmigrated))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "the database is not migrated")
    assert app.test_client().get("/healthz").status_code == 200
    result = app.test_cli_runner().invoke(args=["credits", "verify"])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "not migrated" in result.stderr
    result = app.test_cli_runner().invoke(args=["credits", "worker"])
    assert (result.exit_code, "flask db upgrade" in result.output) == (1, True)
    with app.app_context():
        db.engine.dispose()
