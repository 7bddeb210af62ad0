"""How connections behave: durable, strict, and honest about waiting, on SQLite and PostgreSQL.

Both drivers are kept in autocommit, and transactions begin here: the drivers' own BEGIN is never
IMMEDIATE on SQLite, and on PostgreSQL a posting is one statement that needs no BEGIN at all.
"""

from typing import Any

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError

from creditsapp.database import postgresql, sqlite


def engine_options(url: str, *, threads: int = 1, pooled: bool = False) -> dict[str, Any]:
    """The options of `create_engine` for a database URL."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        found = sqlite.options()
    else:
        found = postgresql.options(address, threads, pooled=pooled)
    return found | {"hide_parameters": True}  # an error's text goes to the log


def prepare(engine: Engine, *, pooled: bool = False) -> None:
    """Set up every connection that an engine opens from now on."""
    if engine.dialect.name == "sqlite":
        sqlite.prepare(engine)
    else:
        postgresql.prepare(engine, pooled=pooled)


def leaves_unknown(error: DBAPIError) -> bool:
    """Whether a commit that failed like this may stand all the same.

    A connection was lost, or SQLite could not write: what it wrote may come back when it recovers.
    """
    broken = getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_IOERR")
    return error.connection_invalidated or broken
