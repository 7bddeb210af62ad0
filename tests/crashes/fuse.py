"""A process that dies at a numbered point: between two of its calls of the database's driver.

Nothing of the app is touched: its engine opens connections of the classes below, whose every
round trip (a statement, BEGIN, COMMIT, ROLLBACK) burns the fuse a little further.
"""

import os
import signal
import sqlite3
from contextlib import contextmanager

from psycopg.pq import TransactionStatus
from sqlalchemy import event, text

from creditsapp.database import postgresql
from creditsapp.extensions import db

IDLE = TransactionStatus.IDLE


class Fuse:
    """Kills its process when it is lit (0), or after the driver's call number `length`."""

    def __init__(self, length):
        self.length, self.burnt = length, None

    def light(self):
        self.burnt = 0
        self._look()

    def put_out(self):
        self.burnt = None

    @contextmanager
    def burning(self):
        try:
            yield
        finally:
            if self.burnt is not None:
                self.burnt += 1
                self._look()

    def _look(self):
        if self.burnt == self.length:
            os.kill(os.getpid(), signal.SIGKILL)


def fused(engine, length):
    """Wire an engine that has no connection yet; return the fuse, which is to be lit."""
    fuse = Fuse(length)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "do_connect")
        def open_one(_dialect, _record, arguments, options):
            return _on_sqlite(fuse, arguments, options)

    else:  # this process is on its own, and it opens its connections of this class
        postgresql.BoundedConnection = _for_postgresql(fuse)
    with engine.connect() as connection:  # what a connection's birth takes is over then
        connection.execute(text("SELECT 1"))
    db.session.remove()
    return fuse


def _for_postgresql(fuse):
    class Fused(postgresql.BoundedConnection):
        def wait(self, *words, **more):  # every round trip comes by here
            with fuse.burning():
                return super().wait(*words, **more)

        def commit(self):
            if self.info.transaction_status != IDLE:
                super().commit()

        def rollback(self):
            if self.info.transaction_status != IDLE:
                super().rollback()

    return Fused


def _on_sqlite(fuse, arguments, options):
    class FusedCursor(sqlite3.Cursor):
        def execute(self, *words):
            with fuse.burning():
                return super().execute(*words)

        def executemany(self, *words):
            with fuse.burning():
                return super().executemany(*words)

    class Fused(sqlite3.Connection):
        def cursor(self, factory=FusedCursor):
            return super().cursor(factory)

        def execute(self, *words):
            return self.cursor().execute(*words)

        def executemany(self, *words):
            return self.cursor().executemany(*words)

        def commit(self):
            if self.in_transaction:
                with fuse.burning():
                    super().commit()

        def rollback(self):
            if self.in_transaction:
                with fuse.burning():
                    super().rollback()

    return sqlite3.connect(*arguments, factory=Fused, **options)
