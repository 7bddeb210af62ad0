"""How connections behave: durable, strict, and honest about waiting, on SQLite and PostgreSQL."""

import random
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, event

LOCK_SECONDS = 8.0


def engine_options(url: str) -> dict[str, Any]:
    """The options of `create_engine` for a database URL."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 0.05}}
    return {
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 10,
        "connect_args": {} if "connect_timeout" in url else {"connect_timeout": 5},
    }


def prepare(engine: Engine) -> None:
    """Set up every connection that an engine opens from now on."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is never IMMEDIATE
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"))


def _begin(connection: Connection) -> None:
    """Take the write lock at once where something will be written.

    A deferred transaction that turns to writing is refused when another has written meanwhile.
    """
    if connection.get_execution_options().get("writes"):
        _patiently(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:
        connection.exec_driver_sql("BEGIN")


def _patiently(act: Any) -> None:
    """Retry with jitter: SQLite's own busy handler lets one process starve the others."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            act()
            return
        except Exception as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.02))


def is_locked(error: BaseException) -> bool:
    """Whether SQLite says that another connection has the lock."""
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", "")
    return isinstance(cause, sqlite3.OperationalError) and name.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED")
    )
