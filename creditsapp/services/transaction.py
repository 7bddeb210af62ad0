"""Where a use case begins and commits."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Select, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.schema import ColumnCollectionConstraint

from creditsapp.database import leaves_unknown
from creditsapp.database.sqlite import begin_writing
from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.metrics import counting
from creditsapp.models import Base
from creditsapp.services.errors import OutcomeUnknown
from creditsapp.translation import gettext as _

Row = TypeVar("Row", bound=Base)


@contextmanager
def transaction() -> Iterator[Session]:
    """One use case: commits at the end, rolls back on any exception, refuses to be nested."""
    session = end_reads()
    session.info["in_use_case"] = True
    try:
        session.connection(execution_options={"writes": True})
        yield session
        session.flush()
        _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("in_use_case")


@contextmanager
def single_posting() -> Iterator[Driver]:
    """A connection for one posting that is all of its use case: on PostgreSQL, without BEGIN."""
    if db.session.registry.has():  # to make a session only to find it idle would take its time
        end_reads()
    driver = Driver.from_pool(db.engine)
    try:
        if driver.dialect.name == "postgresql":
            driver.warnings.pop("unsure", None)
            yield driver
            _heed(driver.warnings)
        else:
            begin_writing(lambda statement: driver.rows(statement, {}))
            yield driver
            driver.rows("COMMIT", {})
    except DBAPIError as error:
        if leaves_unknown(error):
            raise _unknown() from error
        raise
    finally:
        driver.close()


def snapshot(*, at_length: bool = False) -> Connection:
    """A connection that sees the database as it is now, for as long as it is open.

    Only where nobody waits in a browser may a single answer take as long as it likes.
    """
    end_reads()
    return db.engine.connect().execution_options(snapshot=True, at_length=at_length)


def streamed(query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """The rows of a query for operators, a few hundred at a time, all from one snapshot."""
    with snapshot(at_length=True) as connection, Session(connection) as session:
        yield from session.execute(query.execution_options(yield_per=500))


def end_reads() -> Session:
    """The session without the connection and the snapshot of what it has read."""
    session = cast(Session, db.session())
    if session.info.get("in_use_case"):
        raise RuntimeError("a use case inside a use case: call its underscored helper instead")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes from outside a use case")
    try:
        if session.in_transaction():
            session.commit()
    except SQLAlchemyError:  # the connection was lost meanwhile, and with it nothing but reads
        session.rollback()
    return session


def _commit(session: Session) -> None:
    try:
        warnings = session.connection().connection.info
        session.commit()
        _heed(warnings)
    except DBAPIError as error:
        if leaves_unknown(error):
            raise _unknown() from error
        raise


def _heed(warnings: dict[str, Any]) -> None:
    """Refuse to call a success what the server itself is not sure of."""
    if warnings.pop("unsure", False):
        raise _unknown()


def _unknown() -> OutcomeUnknown:
    counting.unknown()
    return OutcomeUnknown(
        _(
            "The database went away while it was saving, so this may have been done, or not."
            " Please look at your ledger before you try again."
        )
    )


def violates(error: IntegrityError, name: str) -> bool:
    """Whether an error is the refusal of the constraint or unique index of this name."""
    diagnosis: Any = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == name)
    message = str(error.orig)
    if message.startswith("UNIQUE"):
        return message.endswith(": " + ", ".join(_unique_columns(name)))
    return message.endswith(": " + name)


@functools.cache
def _unique_columns(name: str) -> tuple[str, ...]:
    """The columns of a unique constraint or index, by which SQLite names it."""
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            if index.name == name:
                return tuple(f"{table.name}.{column.name}" for column in index.columns)
        for constraint in table.constraints:
            if isinstance(constraint, ColumnCollectionConstraint) and constraint.name == name:
                return tuple(f"{table.name}.{column.name}" for column in constraint.columns)
    raise LookupError(name)


def insert_new(session: Session, table: type[Base], **values: Any) -> bool:
    """Insert a row unless one with its key stands; return whether it is new."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    key = inspect(table).primary_key[0]
    return session.execute(statement.returning(key)).first() is not None


def locked(session: Session, table: type[Row], row_id: str | int) -> Row | None:
    """A row as it stands now, locked to the end of the use case; None where there is none."""
    return session.get(table, row_id, with_for_update=True, populate_existing=True)


def now() -> datetime:
    """The present in UTC."""
    return datetime.now(UTC)
