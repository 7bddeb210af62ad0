"""PostgreSQL: one host or several, straight or through a pooler, and honest about waiting."""

import time
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from creditsapp.database import timeouts

DURABLE = ("on", "remote_apply")  # values of synchronous_commit under which no commit gets lost
_DEFAULTS = {
    "fallback_application_name": "credits",
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}


def options(url: URL, threads: int, *, pooled: bool) -> dict[str, Any]:
    """The options of `create_engine` for a process of so many threads that use connections."""
    return {
        "pool_size": threads,
        "max_overflow": 0,
        "pool_timeout": timeouts.POOL_SECONDS,
        "pool_use_lifo": True,  # the connection that was used last needs no ping
        "connect_args": _connect_args(url, pooled),
    }


def _connect_args(url: URL, pooled: bool) -> dict[str, Any]:
    """What libpq is told beside the URL, where the URL does not say otherwise."""
    defaults: dict[str, Any] = _DEFAULTS | {"connect_timeout": timeouts.CONNECT_SECONDS}
    if "," in str(url.query.get("host", "")):
        defaults["connect_timeout"] = timeouts.CONNECT_SECONDS_OF_MANY
        defaults["target_session_attrs"] = "read-write"
    found = {name: value for name, value in defaults.items() if name not in url.query}
    if pooled:
        found["prepare_threshold"] = None  # a statement is prepared in a session, and we have none
    return found


def prepare(engine: Engine, *, pooled: bool) -> None:
    """Set up every connection that an engine opens from now on."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "connect", _require_settings if pooled else _set)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", _ping_if_idle)


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed where the server does not answer within `deadline` seconds.

    What may take longer says so by the option `at_length`. A commit that waits for its standby is
    ended by no timeout of the server's, and must not be cancelled: PostgreSQL would then call it
    a success.
    """

    deadline: float | None = timeouts.ANSWER_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; raise OperationalError, and close, when there is none in time."""
        bound = self.deadline if timeout is None else timeout
        try:
            return super().wait(gen, interval, bound)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError("the server did not answer in time") from None


def _connect(_dialect: object, _record: object, args: Any, options: Any) -> Any:
    return BoundedConnection.connect(*args, **options)


def _prepare(connection: Any, record: Any) -> None:
    """Remember a warning that belies success.

    Where a commit's wait for its standby is cancelled, PostgreSQL says COMMIT and warns with
    01000: the row is there, and gone when that standby takes over.
    """
    connection.autocommit = True

    def heed(notice: Any) -> None:
        if notice.sqlstate == "01000":
            record.info["unsure"] = True

    connection.add_notice_handler(heed)


def session_settings() -> dict[str, str]:
    """What a session has to be set to, by us or, behind a pooler, by its role."""
    seconds = {
        "lock_timeout": timeouts.LOCK_SECONDS,
        "statement_timeout": timeouts.STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": timeouts.IDLE_IN_TRANSACTION_SECONDS,
    }
    return {name: f"{round(value * 1000)}ms" for name, value in seconds.items()}


_MAKE_DURABLE = (
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)"
)


def _set(connection: Any, _record: object) -> None:
    """Bound all waiting and make commits durable, in one round trip."""
    wanted = [
        f"set_config('{name}', '{value}', false)" for name, value in session_settings().items()
    ]
    connection.execute(f"SELECT {', '.join([*wanted, _MAKE_DURABLE])}")


def _require_settings(connection: Any, _record: object) -> None:
    """Refuse a pooler's session that may lose commits: what one client sets, another would get."""
    (found,) = connection.execute("SHOW synchronous_commit").fetchone()
    if found not in DURABLE:
        raise psycopg.OperationalError(
            f"synchronous_commit is {found}, so commits may get lost: set it to on for the role"
        )


_IDLE = "; SET LOCAL idle_in_transaction_session_timeout = "
_AT_LENGTH = f"; SET LOCAL statement_timeout = 0{_IDLE}0"
_READ_FAR_AWAY = f"{_IDLE}{round(timeouts.READER_SECONDS * 1000)}"


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.connection.info.pop("unsure", None)  # what was warned of before is over
    if options.get("snapshot"):
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    elif options.get("writes"):
        begin = "BEGIN"
    else:  # a read sees no more within a transaction, and needs none
        return
    if options.get("at_length"):
        driver: Any = connection.connection.dbapi_connection
        driver.deadline = None
        begin += _AT_LENGTH
    elif options.get("snapshot"):
        begin += _READ_FAR_AWAY
    connection.exec_driver_sql(begin)


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
    if "returned" in record.info and idle > timeouts.TRUSTED_SECONDS:
        connection.deadline = timeouts.PING_SECONDS
        try:
            connection.execute("SELECT 1")
        except Exception:
            raise DisconnectionError("the connection was lost while it was idle") from None
        connection.deadline = BoundedConnection.deadline
