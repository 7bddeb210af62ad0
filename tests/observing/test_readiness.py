"""/readyz: a database that is away, silent, read-only or of another schema is noticed, cheaply."""

import os
import shutil
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest

from creditsapp import health
from creditsapp.database import timeouts
from creditsapp.extensions import db
from tests.databases import execute, on_both, on_postgresql, on_sqlite

SECONDS = health.SECONDS


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Enough for a busy machine, since the deadline is the subject of one test alone."""
    monkeypatch.setattr(health, "SECONDS", 60)


def ready(app):
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.json.get("reason")


@on_postgresql
def test_a_database_that_falls_silent_or_goes_away_is_noticed_and_so_is_its_return(
    proxy, database_url, make_app, caplog, monkeypatch
):
    app = make_app(database_url=proxy.url(database_url))
    assert ready(app) == (200, None)
    proxy.react("silence", "pg_is_in_recovery", times=100)
    question = app.extensions["readiness"]._question
    with monkeypatch.context() as patched:
        patched.setattr(question, "_seconds", 0.5)
        assert ready(app) == (503, "the database does not answer")
    proxy.times = 0
    proxy.cut()
    proxy.refusing = True
    until(lambda: ready(app) == (503, "the database does not answer"))
    proxy.refusing = False
    until(lambda: ready(app) == (200, None))
    told = [record.getMessage() for record in caplog.records if record.name == health.log.name]
    assert told == ["not ready: the database does not answer", "ready again"]


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@on_postgresql
def test_a_kept_connection_that_has_fallen_silent_is_no_reason(
    proxy, database_url, make_app, monkeypatch
):
    assert timeouts.PING_SECONDS < SECONDS
    app = make_app(database_url=proxy.url(database_url))
    assert ready(app) == (200, None)
    monkeypatch.setattr(timeouts, "TRUSTED_SECONDS", 0)
    monkeypatch.setattr(timeouts, "PING_SECONDS", 0.1)
    proxy.react("silence", "SELECT 1")
    assert ready(app) == (200, None) and proxy.seen == 1


@on_postgresql
def test_a_database_that_refuses_to_write_is_not_ready(app, database_url):
    url = database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        try:
            assert ready(app) == (503, "the database is read-only")
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    assert ready(app) == (200, None)


@pytest.fixture
def open_folder():
    """A folder that everybody may write to, as those above it; pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="credits-") as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


@on_sqlite
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_that_may_not_be_written_is_not_ready(open_folder, make_app, database_url, what):
    file = open_folder / "credits.db"
    shutil.copyfile(database_url.removeprefix("sqlite:///"), file)
    file.chmod(0o666)
    app = make_app(database_url=f"sqlite:///{file}")
    assert as_nobody(app) == (200, None)
    {"file": file, "folder": open_folder}[what].chmod(0o555)
    assert as_nobody(app) == (503, "the database's file cannot be written")
    open_folder.chmod(0o777)


def as_nobody(app):
    """What a process hears that is not root, to whom all files are open."""
    context = get_context("fork")
    answers = context.SimpleQueue()

    def ask():
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        answers.put(ready(app))

    process = context.Process(target=ask)
    process.start()
    process.join(60)
    return answers.get()


@on_both
def test_a_pool_in_full_use_keeps_nobody_from_being_ready(app):
    with app.app_context():
        pool = db.engine.pool
        held = [db.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
        try:
            assert ready(app) == (200, None)
        finally:
            for connection in held:
                connection.close()


@on_sqlite
def test_who_asks_every_moment_is_told_what_was_just_found(make_app, database_url, monkeypatch):
    monkeypatch.setattr(health, "FRESH", 3600)
    app = make_app()
    assert ready(app) == (200, None)
    execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    assert ready(app) == (200, None)
    assert ready(make_app())[0] == 503
