"""Runs the migrations through the app's own engine, one runner at a time."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

LOCK = 0x63726564697473  # "credits": any number that nobody else takes

db = current_app.extensions["migrate"].db


def run() -> None:
    """Migrate in one transaction; whoever comes second waits and finds the work done."""
    with db.engine.connect().execution_options(writes=True, at_length=True) as connection:
        with connection.begin():
            _wait_for_others(connection)
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_as_batch=False,
                compare_server_default=True,
            )
            with context.begin_transaction():
                context.run_migrations()


def _wait_for_others(connection: Connection) -> None:
    """Lock before Alembic makes its own table; on SQLite, BEGIN IMMEDIATE has done so."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


try:
    run()
except OperationalError as error:
    reason = str(error.orig).strip().split("\n")[0]
    raise SystemExit(f"The database does not answer: {reason}") from None
