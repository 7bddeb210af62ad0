"""A copy of an SQLite database that is at work, which counts as a backup once it is proven."""

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine

from creditsapp import schema
from creditsapp.extensions import db
from creditsapp.services.errors import ServiceError
from creditsapp.services.transaction import end_reads
from creditsapp.services.verification import Progress, Report, prove


class NoBackup(ServiceError):
    """No backup was made."""

    code = "no_backup"


class NotRight(Exception):
    """What is wrong with a copy."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds; of a schema that is not this version's, no ledger can be proven."""

    size: int
    schema: schema.Schema
    report: Report | None


def back_up(output: Path, *, overwrite: bool, progress: Progress) -> Backup:
    """Write a backup that has its name once it is whole, on disk and proven; raise NoBackup.

    One that is not right is kept beside it, as `….wrong`, so that nothing is lost.
    """
    source = _source()
    try:
        if _is_taken(output, overwrite):
            raise NoBackup(f"{output} exists. Nothing was written.")
        if _belongs(output, source):
            raise NoBackup(f"{output} belongs to the database. Nothing was written.")
        handle, name = tempfile.mkstemp(".part", f"{output.name}.", output.parent)  # mode 0600
    except OSError as error:
        raise NoBackup(f"{output}: {error.strerror}") from None
    os.close(handle)
    part = Path(name)
    try:
        _copy(source, part)
        made = _examine(part, progress)
        _name(part, output, overwrite)
    except NotRight as wrong:
        kept = part.replace(part.with_suffix(".wrong"))
        raise NoBackup(f"{wrong} The copy is kept as {kept}.") from None
    except (sqlite3.Error, OSError) as error:
        raise NoBackup(f"No backup was made: {error}") from None
    finally:
        for leftover in (part, Path(f"{part}-journal")):
            leftover.unlink(missing_ok=True)
    return made


def _source() -> Path:
    url = db.engine.url
    if url.get_backend_name() != "sqlite":
        raise NoBackup(
            "This database is PostgreSQL: pg_dump --format=custom --file=FILE backs it up."
        )
    end_reads()
    source = Path(url.database or "")
    if not source.is_file():
        raise NoBackup(f"There is no database {source}.")
    return source


def _is_taken(output: Path, overwrite: bool) -> bool:
    return output.exists() and not (overwrite and output.is_file())


def _belongs(output: Path, source: Path) -> bool:
    """Whether a name is the database's, or that of a file which SQLite keeps beside it."""
    real = os.path.realpath(source)
    files = [Path(real + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
    return Path(os.path.realpath(output)) in files or any(
        output.exists() and file.exists() and output.samefile(file) for file in files
    )


def _copy(source: Path, target: Path) -> None:
    """Copy in one read transaction: no writer waits for it, and none can make it start anew."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _examine(copy: Path, progress: Progress) -> Backup:
    """Prove the file, its references and its ledger; raise NotRight in words."""
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as file:
        try:
            ((found, *_),) = file.execute("PRAGMA integrity_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise NotRight(f"The database is damaged: {' '.join(found.split())}.")
        for table, *_ in file.execute("PRAGMA foreign_key_check"):
            raise NotRight(f"The database is damaged: a row of {table} refers to nothing.")
    engine = create_engine(URL.create("sqlite", database=str(copy)), poolclass=NullPool)
    with engine.connect() as connection:
        version = schema.look(connection)
        report = prove(connection, progress) if version.usable else None
    if report is not None and not report.ok:
        raise NotRight("The ledger is not right: `flask credits verify` names what is wrong.")
    return Backup(copy.stat().st_size, version, report)


def _name(part: Path, output: Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(output)
    else:
        output.hardlink_to(part)  # which, unlike a rename, takes the name from nobody
    folder = os.open(output.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
