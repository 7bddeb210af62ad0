"""From SQLite to PostgreSQL: every row as it is, proven on both sides, all of it or nothing.

Nobody writes meanwhile, and nobody here afterwards, so that nothing is left behind.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import (
    URL,
    Connection,
    LargeBinary,
    Table,
    create_engine,
    exists,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, ProgrammingError

from creditsapp import database, schema
from creditsapp.database import sqlite
from creditsapp.extensions import db
from creditsapp.models import Base, OperatorAction
from creditsapp.services import audit
from creditsapp.services.audit import Decision
from creditsapp.services.errors import ServiceError
from creditsapp.services.transaction import end_reads
from creditsapp.services.verification import Report, prove

TABLES = Base.metadata.sorted_tables
Tell = Callable[[str, int], None]


class NotMoved(ServiceError):
    """The database stays where it is."""

    code = "not_moved"


def move(url: URL, decision: Decision, *, dry_run: bool, tell: Tell) -> Report:
    """Move everything to an empty, migrated PostgreSQL; return the proof of it there.

    `tell` hears of each table and its rows. A dry run keeps nobody waiting, and leaves nothing.
    """
    if db.engine.dialect.name != "sqlite":
        raise NotMoved("Only an SQLite database can be moved.")
    end_reads()
    with (
        db.engine.connect().execution_options(writes=not dry_run) as source,
        _opened(url) as target,
    ):
        report = _copied(source, target, tell)
        if not dry_run:
            _leave_line(target, decision, report)
            _retire(source)
            _commit(target)
            _commit_source(source)
    return report


@contextmanager
def _opened(url: URL) -> Iterator[Connection]:
    rendered = url.render_as_string(hide_password=False)
    engine = create_engine(url, **database.engine_options(rendered))
    database.prepare(engine)
    try:
        with engine.connect().execution_options(writes=True, at_length=True) as connection:
            yield connection
    finally:
        engine.dispose()


def _copied(source: Connection, target: Connection, tell: Tell) -> Report:
    """Copy every table, and compare each with its copy; raise NotMoved with nothing kept."""
    found = schema.look(source)
    if not found.usable or schema.look(target) != found:
        raise NotMoved("Migrate both databases first: `flask db upgrade`, with each DATABASE_URL.")
    names = ", ".join(table.name for table in TABLES)
    try:
        target.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
    except ProgrammingError as error:
        reason = str(error.orig).split("\n")[0]
        raise NotMoved(f"{reason}: the URL names who owns the tables.") from None
    for table in TABLES:
        if target.scalar(select(exists(select(table)))):
            raise NotMoved(f"The other database is not empty: it has {table.name}.")
    if not prove(source).ok:
        raise NotMoved("The ledger is not right: `flask credits verify` names what is wrong.")
    for table in TABLES:
        _copy(table, source, target)
        _count_on(table, target)
        rows, digest = _fingerprint(table, source)
        if _fingerprint(table, target) != (rows, digest):
            raise NotMoved(f"The copy of {table.name} is not what it was made from.")
        if rows:
            tell(table.name, rows)
    report = prove(target)
    if not report.ok:
        raise NotMoved("The copy's ledger is not right.")
    return report


def _copy(table: Table, source: Connection, target: Connection) -> None:
    driver: Any = target.connection.dbapi_connection
    dialect = target.dialect
    processors = [
        column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns
    ]
    columns = ", ".join(table.columns.keys())
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as to,
        ):
            for row in _rows(table, source):
                to.write_row(
                    process(value) if process else value
                    for process, value in zip(processors, row, strict=True)
                )
    except (psycopg.Error, UnicodeError) as error:
        reason = getattr(getattr(error, "diag", None), "message_primary", None) or error
        raise NotMoved(f"PostgreSQL does not take {table.name}: {reason}") from None


def _rows(table: Table, connection: Connection) -> Iterator[Any]:
    """The rows of a table, few at a time where each may be megabytes."""
    large = any(isinstance(column.type, LargeBinary) for column in table.columns)
    return iter(connection.execute(select(table).execution_options(yield_per=10 if large else 500)))


def _fingerprint(table: Table, connection: Connection) -> tuple[int, int]:
    """How many rows there are, and a sum of their hashes, which knows no order."""
    rows, total = 0, 0
    for row in _rows(table, connection):
        rows += 1
        total += int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest(), "big")
    return rows, total % 2**256


def _count_on(table: Table, target: Connection) -> None:
    """Let new rows have the numbers after those that came."""
    column = table.autoincrement_column
    if column is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)  # none: nothing is set
        newest = func.max(column)
        target.execute(select(func.setval(sequence, func.coalesce(newest, 1), newest.is_not(None))))


def _leave_line(target: Connection, decision: Decision, report: Report) -> None:
    details = {"wallets": report.wallets, "entries": report.entries}
    line = audit._line(
        decision.actor, "credits move-database", "all", decision.reason, details, None
    )
    target.execute(insert(OperatorAction), line)


def _retire(source: Connection) -> None:
    """Let this database be written to no more, by whoever still has it open or opens it again."""
    source.execute(text("UPDATE alembic_version SET version_num = :moved"), {"moved": schema.MOVED})
    for table in TABLES:
        for event in ("INSERT", "UPDATE", "DELETE"):
            source.execute(
                text(
                    f"CREATE TRIGGER moved_{table.name}_{event.lower()} BEFORE {event}"
                    f" ON {table.name} BEGIN"
                    f" SELECT RAISE(ABORT, '{sqlite.MOVED}'); END"
                )
            )


def _commit(target: Connection) -> None:
    try:
        warnings = target.connection.info
        target.commit()
        unsure = warnings.pop("unsure", False)
    except DBAPIError as error:
        if not database.leaves_unknown(error):
            raise
        unsure = True
    if unsure:
        raise NotMoved(
            "Whether it was saved is not known. SQLite is as it was and goes on. Empty the other"
            " database before you move again."
        )


def _commit_source(source: Connection) -> None:
    try:
        source.commit()
    except DBAPIError as error:
        raise NotMoved(
            "All is in the other database, but SQLite did not save that it has moved:"
            f" {error.orig}. Run `flask credits doctor`. Where it says that the database has moved,"
            " let DATABASE_URL name the new one. Else SQLite goes on: empty the other before you"
            " move again."
        ) from None
