"""SQLite: durable, strict, and fair to who waits for its one write lock."""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

from creditsapp.database import timeouts


def options() -> dict[str, Any]:
    """The options of `create_engine`."""
    return {"connect_args": {"timeout": timeouts.LOCK_SECONDS}}


def prepare(engine: Engine) -> None:
    """Set up every connection that an engine opens from now on."""
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lowered, deterministic=True)
    _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"))


def _lowered(words: str | None) -> str | None:
    """Every letter made small, as PostgreSQL does; SQLite's own knows no more than A to Z."""
    return None if words is None else words.lower()


def _begin(connection: Connection) -> None:
    """Take the write lock at once where something will be written.

    A deferred transaction that turns to writing is refused when another has written meanwhile.
    """
    if connection.get_execution_options().get("writes"):
        begin_writing(connection.exec_driver_sql)
    else:
        connection.exec_driver_sql("BEGIN")


def begin_writing(execute: Callable[[str], object]) -> None:
    """Begin a transaction that has SQLite's write lock from its start."""
    execute("PRAGMA busy_timeout=50")
    try:
        _patiently(lambda: execute("BEGIN IMMEDIATE"))
    finally:
        execute(f"PRAGMA busy_timeout={round(timeouts.LOCK_SECONDS * 1000)}")


def _patiently(act: Callable[[], object]) -> None:
    """Wait for a lock with jitter: SQLite's own busy handler lets one process starve the others."""
    deadline = time.monotonic() + timeouts.LOCK_SECONDS
    while True:
        try:
            act()
            return
        except Exception as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.02))  # nosec B311 # jitter


MOVED = "this database has moved to another"  # what its triggers say then


def is_unwritable(error: BaseException) -> bool:
    """Whether SQLite has no room left, may only read its file, or has moved to another database."""
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", "")
    return name.startswith(("SQLITE_FULL", "SQLITE_READONLY")) or str(cause) == MOVED


def is_locked(error: BaseException) -> bool:
    """Whether SQLite says that another connection has the lock."""
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", "")
    return isinstance(cause, sqlite3.OperationalError) and name.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED")
    )
