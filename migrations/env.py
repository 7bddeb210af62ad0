"""Runs the migrations as the tables' owner, one runner at a time, and lets the app use them."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from creditsapp import database
from creditsapp.database import rights

LOCK = 0x63726564697473  # "credits": any number that nobody else takes

db = current_app.extensions["migrate"].db
settings = current_app.extensions["creditsapp"].settings


def run() -> None:
    """Migrate in one transaction; whoever comes second waits and finds the work done."""
    engine = _engine()
    with engine.connect().execution_options(writes=True, at_length=True) as connection:
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
            if settings.database_owner_url:
                rights.grant(connection, make_url(settings.database_url).username)
    if engine is not db.engine:
        engine.dispose()


def _engine() -> Engine:
    if not settings.database_owner_url:
        return db.engine
    url = settings.database_owner_url
    engine = create_engine(url, **database.engine_options(url))
    database.prepare(engine)
    return engine


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
except LookupError as error:
    raise SystemExit(str(error)) from None
