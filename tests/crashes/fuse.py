"""A process that dies at a numbered point: between two of its calls of the database's driver.

Nothing of the app is touched: its engine opens connections of the classes below, whose every
round trip (a statement, BEGIN, COMMIT, ROLLBACK) burns the fuse a little further.
"""

import os
import signal
import sqlite3

from psycopg.pq import TransactionStatus
from sqlalchemy import event, text

from creditsapp.database import BoundedConnection
from creditsapp.extensions import db

IDLE = TransactionStatus.IDLE


class Fuse:
    """Kills its process before the driver's call number `length`, counted from 0 once it is lit."""

    def __init__(self, length):
        self.length, self.burnt = length, None

    def light(self):
        self.burnt = 0

    def put_out(self):
        self.burnt = None

    def burn(self):
        if self.burnt is None:
            return
        if self.burnt == self.length:
            os.kill(os.getpid(), signal.SIGKILL)
        self.burnt += 1


def fused(engine, length):
    """Wire an engine that has no connection yet; return the fuse, which is to be lit."""
    fuse = Fuse(length)
    connect = _on_sqlite if engine.dialect.name == "sqlite" else _on_postgresql

    @event.listens_for(engine, "do_connect", insert=True)
    def open_one(_dialect, _record, arguments, options):
        return connect(fuse, arguments, options)

    with engine.connect() as connection:  # what a connection's birth takes is over then
        connection.execute(text("SELECT 1"))
    db.session.remove()
    return fuse


def _on_postgresql(fuse, arguments, options):
    class Fused(BoundedConnection):
        def wait(self, *words, **more):  # every round trip comes by here
            fuse.burn()
            return super().wait(*words, **more)

        def commit(self):
            if self.info.transaction_status != IDLE:
                super().commit()

        def rollback(self):
            if self.info.transaction_status != IDLE:
                super().rollback()

    return Fused.connect(*arguments, **options)


def _on_sqlite(fuse, arguments, options):
    class FusedCursor(sqlite3.Cursor):
        def execute(self, *words):
            fuse.burn()
            return super().execute(*words)

        def executemany(self, *words):
            fuse.burn()
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
                fuse.burn()
                super().commit()

        def rollback(self):
            if self.in_transaction:
                fuse.burn()
                super().rollback()

    return sqlite3.connect(*arguments, factory=Fused, **options)
