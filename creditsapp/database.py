"""How connections behave: durable, strict, and honest about waiting, on SQLite and PostgreSQL.

Both drivers are kept in autocommit, and transactions begin here: the drivers' own BEGIN is never
IMMEDIATE on SQLite, and on PostgreSQL a posting is one statement that needs no BEGIN at all.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

LOCK_SECONDS = 8.0
ANSWER_SECONDS = 9.0
TRUSTED_SECONDS = 5.0


def engine_options(url: str) -> dict[str, Any]:
    """The options of `create_engine` for a database URL."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": LOCK_SECONDS}, "hide_parameters": True}
    return {
        "hide_parameters": True,  # an error's text goes to the log
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 10,
        "connect_args": {} if "connect_timeout" in url else {"connect_timeout": 5},
    }


def prepare(engine: Engine) -> None:
    """Set up every connection that an engine opens from now on."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_on_sqlite)
    else:
        event.listen(engine, "do_connect", _connect_to_postgresql)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_on_postgresql)
        event.listen(engine, "checkin", _note_return)
        event.listen(engine, "checkout", _ping_if_idle)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lowered, deterministic=True)
    _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"))


def _lowered(words: str | None) -> str | None:
    """Every letter made small, as PostgreSQL does; SQLite's own knows no more than A to Z."""
    return None if words is None else words.lower()


def _begin_on_sqlite(connection: Connection) -> None:
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
        execute(f"PRAGMA busy_timeout={round(LOCK_SECONDS * 1000)}")


def _patiently(act: Callable[[], object]) -> None:
    """Wait for a lock with jitter: SQLite's own busy handler lets one process starve the others."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            act()
            return
        except Exception as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.02))  # nosec B311 # jitter


def leaves_unknown(error: DBAPIError) -> bool:
    """Whether a commit that failed like this may stand all the same.

    A connection was lost, or SQLite could not write: what it wrote may come back when it recovers.
    """
    broken = getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_IOERR")
    return error.connection_invalidated or broken


def is_full(error: BaseException) -> bool:
    """Whether SQLite says that there is no room left."""
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"


def is_locked(error: BaseException) -> bool:
    """Whether SQLite says that another connection has the lock."""
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", "")
    return isinstance(cause, sqlite3.OperationalError) and name.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED")
    )


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed where the server does not answer within `deadline` seconds.

    What may take longer says so by the option `at_length`. A commit that waits for its standby is
    ended by no timeout of the server's, and must not be cancelled: PostgreSQL would then call it
    a success.
    """

    deadline: float | None = ANSWER_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; raise OperationalError, and close, when there is none in time."""
        bound = self.deadline if timeout is None else timeout
        try:
            return super().wait(gen, interval, bound)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError("the server did not answer in time") from None


def _connect_to_postgresql(_dialect: object, _record: object, args: Any, options: Any) -> Any:
    return BoundedConnection.connect(*args, **options)


def _prepare_postgresql(connection: Any, record: Any) -> None:
    """Bound the wait for locks, and remember a warning that belies success.

    Where a commit's wait for its standby is cancelled, PostgreSQL says COMMIT and warns with
    01000: the row is there, and gone when that standby takes over.
    """
    connection.autocommit = True
    connection.execute(f"SET lock_timeout = {round(LOCK_SECONDS * 1000)}")

    def heed(notice: Any) -> None:
        if notice.sqlstate == "01000":
            record.info["unsure"] = True

    connection.add_notice_handler(heed)


def _begin_on_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("at_length"):
        driver: Any = connection.connection.dbapi_connection
        driver.deadline = None
    connection.connection.info.pop("unsure", None)  # what was warned of before is over
    if options.get("snapshot"):
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    elif options.get("writes"):  # a read sees no more within a transaction, and needs none
        connection.exec_driver_sql("BEGIN")


def _note_return(connection: Any, record: Any) -> None:
    record.info["returned"] = time.monotonic()
    if connection is not None:
        connection.deadline = BoundedConnection.deadline


def _ping_if_idle(connection: Any, record: Any, _proxy: object) -> None:
    """Look whether a connection is alive that nobody has used for a while.

    One that was used just now is trusted, which saves a round trip; if it is dead all the same,
    the work that finds out is retried.
    """
    idle = time.monotonic() - record.info.get("returned", 0.0)
    if "returned" in record.info and idle > TRUSTED_SECONDS:
        try:
            connection.execute("SELECT 1")
        except Exception:
            raise DisconnectionError("the connection was lost while it was idle") from None
