"""Whether this version of the app can use the database's schema.

A deploy migrates first and replaces processes then, so a version has to go on with a newer schema
than its own. That one is not told by its number: it fits where nothing is gone that this version
uses, and nothing came that every new row must have.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from creditsapp import database
from creditsapp.models import Base
from creditsapp.settings import ROOT, Settings

MIGRATIONS = ROOT / "migrations"
MOVED = "moved"  # of a database whose rows are in another now
_MIGRATE = "Run `flask db upgrade`."


class Schema(NamedTuple):
    """What was found, in words, and what to do where it is of no use."""

    usable: bool
    words: str
    advice: str = ""


def look(connection: Connection) -> Schema:
    """What the schema of a database is to this version of the app."""
    found, known = MigrationContext.configure(connection).get_current_revision(), revisions()
    if found == known[-1]:
        return Schema(True, f"migrated to {found}")
    if found is None:
        return Schema(False, "the database is not migrated", _MIGRATE)
    if found == MOVED:
        return Schema(False, "the database has moved", "Let DATABASE_URL name the new one.")
    if found in known:
        return Schema(False, f"the schema is {found}, this version needs {known[-1]}", _MIGRATE)
    for obstacle in _obstacles(connection):
        advice = "Run the version of the app that it belongs to."
        return Schema(False, f"the schema is {found}, which {obstacle}", advice)
    return Schema(True, f"migrated to {found}, which this version does not know and can use")


@functools.cache
def revisions() -> tuple[str, ...]:
    """The revisions that this version knows, oldest first."""
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]


def _obstacles(connection: Connection) -> Iterator[str]:
    """What keeps this version from using a schema that it does not know."""
    found = inspect(connection).get_multi_columns()
    for table in Base.metadata.sorted_tables:
        columns = {column["name"]: column for column in found.get((None, table.name), [])}
        for name in table.columns.keys() - columns.keys():
            yield f"has no {table.name}.{name}"
        for name in columns.keys() - table.columns.keys():
            if not columns[name]["nullable"] and columns[name]["default"] is None:
                yield f"wants {table.name}.{name}, which this version does not know"


def refuse_another(settings: Settings) -> None:
    """End the process that would serve on a schema it cannot use.

    A database that does not answer yet is left to /readyz.
    """
    url, pooled = settings.database_url, settings.pooled
    engine = create_engine(url, **database.engine_options(url, pooled=pooled))
    if url.startswith("sqlite") and not Path(engine.url.database or "").exists():
        raise SystemExit(f"There is no file {engine.url.database} yet. {_MIGRATE}")
    database.prepare(engine, pooled=pooled)
    try:
        with engine.connect() as connection:
            found = look(connection)
    except SQLAlchemyError:
        return
    finally:
        engine.dispose()
    if not found.usable:
        raise SystemExit(f"{found.words[0].upper()}{found.words[1:]}. {found.advice}")
