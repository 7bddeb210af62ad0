"""One SQLite file of JSON documents, shared by threads and processes."""

import json
import os
import pathlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Document = dict[str, Any]

BUSY_SECONDS = 30

_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    parent TEXT,
    due REAL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_kind ON documents (kind, seq);
CREATE INDEX IF NOT EXISTS documents_parent ON documents (parent, kind);
CREATE INDEX IF NOT EXISTS documents_due ON documents (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS documents_email ON documents (kind, json_extract(body, '$.email'));
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    url TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    leased_until REAL NOT NULL DEFAULT 0,
    last_attempt_at TEXT,
    last_answer TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_payment ON deliveries (payment_id);
"""


class Transaction:
    """What can be done with documents inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def add(self, kind: str, key: str, body: Document, *, parent: str | None = None) -> None:
        """Store a new document."""
        self.connection.execute(
            "INSERT INTO documents (kind, id, parent, body) VALUES (?, ?, ?, ?)",
            (kind, key, parent, json.dumps(body)),
        )

    def save(self, key: str, body: Document, *, due: float | None = None) -> None:
        """Replace a document; `due` is when it next changes by itself."""
        self.connection.execute(
            "UPDATE documents SET body = ?, due = ? WHERE id = ?", (json.dumps(body), due, key)
        )

    def delete(self, key: str) -> None:
        """Remove a document."""
        self.connection.execute("DELETE FROM documents WHERE id = ?", (key,))

    def get(self, kind: str, key: str | None) -> Document | None:
        """The document with an id, or None."""
        return self._first("SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, key))

    def children(self, kind: str, parent: str) -> list[Document]:
        """The documents that belong to another, oldest first."""
        return self._all(
            "SELECT body FROM documents WHERE parent = ? AND kind = ? ORDER BY seq",
            (parent, kind),
        )

    def due(self, now: float) -> list[Document]:
        """The documents that should have changed by themselves by now."""
        return self._all("SELECT body FROM documents WHERE due <= ?", (now,))

    def find(
        self,
        kind: str,
        *,
        equal: Mapping[str, str | None] | None = None,
        name_contains: str | None = None,
        since: str | None = None,
        until: str | None = None,
        page_number: int = 0,
        page_size: int = 10,
    ) -> list[Document]:
        """One page of a kind, newest first; filters that are None are left out."""
        conditions, values = ["kind = ?"], [kind]
        # The field names come from this package, never from a request.
        tests = [
            (f"json_extract(body, '$.{key}') = ?", value) for key, value in (equal or {}).items()
        ]
        tests += [
            ("instr(lower(json_extract(body, '$.name')), lower(?)) > 0", name_contains),
            ("json_extract(body, '$.created_at') >= ?", since),
            ("json_extract(body, '$.created_at') <= ?", until),
        ]
        for condition, value in tests:
            if value is not None:
                conditions.append(condition)
                values.append(value)
        return self._all(
            f"SELECT body FROM documents WHERE {' AND '.join(conditions)}"  # nosec B608 # ours
            " ORDER BY seq DESC LIMIT ? OFFSET ?",
            (*values, page_size, page_number * page_size),
        )

    def _first(self, query: str, values: tuple[Any, ...]) -> Document | None:
        return next(iter(self._all(query, values)), None)

    def _all(self, query: str, values: tuple[Any, ...]) -> list[Document]:
        return [json.loads(row["body"]) for row in self.connection.execute(query, values)]


class Store:
    """The file; `changed` is set after each commit that wrote something in this process."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.changed = threading.Event()
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._open()
        _use_wal(connection)
        _begin_anew(connection)
        connection.executescript(_SCHEMA)
        connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write transaction: commits at the end, rolls back on an exception."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        before = connection.total_changes
        try:
            yield Transaction(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        if connection.total_changes > before:
            self.changed.set()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A consistent view for several reads."""
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            yield Transaction(connection)
        finally:
            connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection; a forked child must not use its parent's."""
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.connection = self._open()
            self._local.pid = os.getpid()
        return self._local.connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _begin_anew(connection: sqlite3.Connection) -> None:
    """Forget what another version of the sandbox has stored: nothing in it is worth moving."""
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        for table in ("documents", "deliveries"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait when another process does the same just now."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
