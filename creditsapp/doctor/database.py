"""Is the database there, migrated, and does it keep what it has committed?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from creditsapp import schema
from creditsapp.database.address import shown
from creditsapp.doctor import connections, role
from creditsapp.doctor.finding import Finding, Problem, finding
from creditsapp.extensions import db
from creditsapp.settings import Settings

OLDEST_POSTGRESQL = 14
_ON = "Turn it on in postgresql.conf: a crash may lose or damage what was committed."
_MIGRATE = "Run `flask db upgrade`."


_TRUST = "In sslrootcert belongs who signed its certificate, and in the URL the name it is for."


def findings(settings: Settings) -> Iterator[Finding]:
    """Reachable, migrated, durable; only the first if it is not even that."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Finding("database", "failed", f"there is no file {url.database} yet", _MIGRATE)
        return
    try:
        with db.engine.connect() as connection:
            yield _server(connection)
            migrated = _schema(connection)
            yield migrated
            yield _durability(connection)
            if connection.dialect.name == "postgresql":
                yield connections.connections(connection, settings)
                if migrated.status == "ok":
                    yield role.rights(connection)
    except SQLAlchemyError as error:
        message = f"{shown(url)} does not answer: {_reason(error)}"
        advice = _TRUST if "certificate" in message else "Start it, and look at DATABASE_URL."
        yield Finding("database", "failed", message, advice)


def _reason(error: SQLAlchemyError) -> str:
    """The first line of an error; of several hosts, one for each."""
    first, *others = str(getattr(error, "orig", error)).strip().split("\n")
    return " ".join(line for line in others if line.startswith("- host:")) or first


def _server(connection: Connection) -> Finding:
    if connection.dialect.name == "sqlite":
        version = _show(connection, "SELECT sqlite_version()")
        return Finding(
            "database",
            "ok",
            f"SQLite {version}, which is for one machine: {db.engine.url.database}",
        )
    number = int(_show(connection, "SHOW server_version_num"))
    problems: list[Problem] = []
    if number < OLDEST_POSTGRESQL * 10000:
        problems.append(
            ("failed", f"PostgreSQL {number // 10000} is too old", "Move to 14 or newer.")
        )
    if _show(connection, "SELECT pg_is_in_recovery()"):
        problems.append(
            (
                "failed",
                "this is a standby and takes no writes",
                "Let DATABASE_URL name the primary.",
            )
        )
    elif _show(connection, "SHOW default_transaction_read_only") == "on":
        words = "default_transaction_read_only is on, so nothing can be saved"
        problems.append(("failed", words, "Turn it off for this role and database."))
    encoding = _show(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        advice = "Move to a database that was created WITH ENCODING 'UTF8'."
        problems.append(("failed", f"its encoding {encoding} does not know every name", advice))
    problems += connections.privacy(connection)
    return finding("database", f"PostgreSQL {number // 10000}.{number % 10000}", problems)


def _schema(connection: Connection) -> Finding:
    found = schema.look(connection)
    return Finding("schema", "ok" if found.usable else "failed", found.words, found.advice)


def _durability(connection: Connection) -> Finding:
    if connection.dialect.name == "sqlite":
        return _durability_of_sqlite(connection)
    problems: list[Problem] = [
        ("failed", f"{name} is off", _ON)
        for name in ("fsync", "full_page_writes")
        if _show(connection, f"SHOW {name}") == "off"
    ]
    standbys = _show(connection, "SHOW synchronous_standby_names")
    kept = "on a standby, too" if standbys else "on this server's disk"
    return finding("durability", f"a commit is kept {kept}", problems)


def _durability_of_sqlite(connection: Connection) -> Finding:
    problems: list[Problem] = []
    if _show(connection, "PRAGMA journal_mode") != "wal":
        advice = "Keep the file on a local disk, where write-ahead logging works."
        problems.append(("failed", "the journal is not WAL", advice))
    if int(_show(connection, "PRAGMA synchronous")) < 2:
        problems.append(("failed", "synchronous is not FULL", "A power cut may lose commits."))
    if not _show(connection, "PRAGMA foreign_keys"):
        problems.append(("failed", "foreign keys are not checked", "Use SQLite 3.35 or newer."))
    return finding("durability", "WAL, synchronous FULL, foreign keys checked", problems)


def _show(connection: Connection, statement: str) -> Any:
    return connection.exec_driver_sql(statement).scalar()
