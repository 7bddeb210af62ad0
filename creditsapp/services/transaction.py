"""Where a use case begins and commits, and which failures may be tried again."""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy import Connection, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.schema import ColumnCollectionConstraint

from creditsapp.database import is_locked
from creditsapp.extensions import db
from creditsapp.models import Base
from creditsapp.services.errors import OutcomeUnknown, TryAgainLater

ATTEMPTS = 5

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def transaction() -> Iterator[Session]:
    """One use case: commits at the end, rolls back on any exception, refuses to be nested."""
    session = _idle_session()
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
def single_statement() -> Iterator[Connection]:
    """A connection for one posting: without BEGIN on PostgreSQL, where one statement is enough."""
    _idle_session()
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            try:
                yield connection.execution_options(single_statement=True)
                _heed(connection.connection.info)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _unknown() from error
                raise
        else:
            with connection.execution_options(writes=True).begin():
                yield connection


def _idle_session() -> Session:
    """The session with its reads ended, so that it holds no connection and no old snapshot."""
    session = cast(Session, db.session())
    if session.info.get("in_use_case"):
        raise RuntimeError("a use case inside a use case: call its underscored helper instead")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes from outside a use case")
    end_reads()
    return session


def end_reads() -> None:
    """Let go of the session's connection and of the snapshot that its reads have seen."""
    session = db.session()
    try:
        session.commit()
    except DBAPIError:  # the connection was lost meanwhile, and with it nothing but reads
        session.rollback()


def _commit(session: Session) -> None:
    try:
        warnings = session.connection().connection.info
        session.commit()
        _heed(warnings)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unknown() from error
        raise


def _heed(warnings: dict[str, Any]) -> None:
    """Refuse to call a success what the server itself is not sure of."""
    if warnings.pop("unsure", False):
        raise _unknown()


def _unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        "The database went away while it was saving. Nothing is lost: try again, and what stands"
        " already is not done twice."
    )


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Run again, with a bound and jitter, what the database refused for a passing reason."""
    return functools.wraps(work)(functools.partial(_run, work, ()))


def retried_by_key(work: Callable[P, T]) -> Callable[P, T]:
    """As `retried`, for work whose key makes it safe to repeat after an unknown outcome, too."""
    return functools.wraps(work)(functools.partial(_run, work, (OutcomeUnknown,)))


def _run(
    work: Callable[..., T], settled_by_key: tuple[type[Exception], ...], *args: Any, **kwargs: Any
) -> T:
    unknown = None
    for attempt in range(ATTEMPTS):
        try:
            return work(*args, **kwargs)
        except settled_by_key as error:
            unknown = error
        except DBAPIError as error:
            if is_locked(error):  # it was waited for long enough
                break
            if not _is_passing(error):
                raise
        time.sleep(random.uniform(0, 0.05 * 2**attempt))
    if unknown is not None:
        raise unknown
    raise TryAgainLater("The database is busy. Nothing was changed; please try again.")


_PASSING_STATES = ("40001", "40P01", "25006", "57P01", "57P02", "57P03", "08")


def _is_passing(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_PASSING_STATES)


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


def now() -> datetime:
    """The present in UTC."""
    return datetime.now(UTC)
