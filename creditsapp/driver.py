"""Statements through the driver itself, where they should be as fast as the database.

SQLAlchemy's execution of a posting, or of a look at a balance, costs about as much again. Errors
are still SQLAlchemy's: whoever catches them need not know which way a statement went.
"""

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


class Driver:
    """The driver's connection below one of SQLAlchemy's, or below one taken from the pool."""

    __slots__ = ("_connection", "_holder", "dialect")

    def __init__(self, dialect: Dialect, holder: Connection | PoolProxiedConnection) -> None:
        pooled = holder.connection if isinstance(holder, Connection) else holder
        self._connection: Any = pooled.dbapi_connection
        self._holder = holder
        self.dialect = dialect

    @classmethod
    def from_pool(cls, engine: Engine) -> "Driver":
        """A connection of its own, to be given back by `close`."""
        try:
            return cls(engine.dialect, engine.raw_connection())
        except engine.dialect.loaded_dbapi.Error as error:
            raise _translated(engine.dialect, None, error) from error

    @classmethod
    def of(cls, session: Session) -> "Driver":
        """The driver's connection of a transaction under way."""
        connection = session.connection()
        return cls(connection.dialect, connection)

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute a statement with `:named` values; raise what SQLAlchemy would."""
        if self.dialect.name == "postgresql":
            statement = _pyformat(statement)
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(statement, values).fetchall()
        except self.dialect.loaded_dbapi.Error as error:
            lost = self.dialect.is_disconnect(error, self._connection, None)
            if lost:
                self._holder.invalidate(error)
            raise _translated(self.dialect, statement, error, lost=lost) from error
        return found

    def row(self, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The only row of a statement, if there is one."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def moment(self, at: datetime) -> datetime | str:
        """A time in UTC as the driver takes it; SQLite keeps a text that sorts."""
        return at if self.dialect.name == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S.%f")

    @property
    def warnings(self) -> dict[str, Any]:
        """What the server has said on this connection."""
        return self._holder.info

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        self._holder.close()


def _translated(
    dialect: Dialect, statement: str | None, error: Exception, *, lost: bool = False
) -> Exception:
    found: Exception = DBAPIError.instance(
        statement,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    return found


@functools.cache
def _pyformat(statement: str) -> str:
    return re.sub(r":(\w+)", r"%(\1)s", statement.replace("%", "%%"))
