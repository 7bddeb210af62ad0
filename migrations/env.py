"""Runs the migrations as the tables' owner, one at a time, without making the app wait for long.

Whoever waits for a table's lock lets everybody else wait behind: on PostgreSQL a migration gives
up soon, with nothing changed, and tries again, for half a minute or `-x seconds=N`.
A migration that builds an index concurrently does nothing else, in an `autocommit_block`.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from creditsapp import database
from creditsapp.database import rights, sqlite

LOCK = 0x63726564697473  # "credits": any number that nobody else takes
TABLE_SECONDS = 2
SECONDS = 30.0

db = current_app.extensions["migrate"].db
settings = current_app.extensions["creditsapp"].settings


def run() -> None:
    """Migrate in one transaction; whoever comes second waits and finds the work done."""
    url = settings.database_owner_url or settings.database_url
    options = database.engine_options(url, pooled=settings.pooled)
    engine = create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args=options["connect_args"]
    )
    if engine.dialect.name == "sqlite":
        database.prepare(engine)
    else:
        event.listen(engine, "begin", _bound_waiting)
    with _alone(engine):
        deadline = time.monotonic() + _seconds()
        while True:
            try:
                _migrate(engine)
                return _let_serve(engine)
            except OperationalError as error:
                if not _is_held_up(error):
                    raise
            if time.monotonic() > deadline:
                raise SystemExit(_HELD_UP)
            time.sleep(random.uniform(0.5, 1.5))  # nosec B311 # jitter


_HELD_UP = (
    "Other work holds what has to change, and did not let go of it. What was not finished is as it"
    " was. Try again when the longest transactions are over."
)


def _seconds() -> float:
    try:
        return float(context.get_x_argument(as_dictionary=True).get("seconds", SECONDS))
    except ValueError:
        raise SystemExit("-x seconds=N is a number of seconds.") from None


def _is_held_up(error: OperationalError) -> bool:
    """Whether a lock was not given in time, or it was a deadlock."""
    return sqlite.is_locked(error) or getattr(error.orig, "sqlstate", "") in ("55P03", "40P01")


def _bound_waiting(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = {TABLE_SECONDS * 1000}"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Lock out other runners before Alembic makes its own table, and between transactions.

    On SQLite the one transaction does so by itself.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        # Without parameters, whose portal would keep a snapshot that CONCURRENTLY waits for.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        yield


def _migrate(engine: Engine) -> None:
    with engine.connect().execution_options(writes=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=False,
            compare_server_default=True,
            transactional_ddl=True,  # on SQLite, too: its transactions are ours
        )
        with context.begin_transaction():
            context.run_migrations()


def _let_serve(engine: Engine) -> None:
    """Let the role that serves use the tables, where it is not their owner."""
    if settings.database_owner_url:
        with engine.begin() as connection:
            rights.grant(connection, str(make_url(settings.database_url).username))


try:
    run()
except DBAPIError as error:
    reason = str(error.orig).strip().split("\n")[0]
    lost = error.statement is None or error.connection_invalidated
    told = "does not answer" if lost else "refused a migration"
    raise SystemExit(f"The database {told}: {reason}") from None
except LookupError as error:
    raise SystemExit(str(error)) from None
