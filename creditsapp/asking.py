"""Questions to the database that must not wait: how it is, rather than what is in it.

They are asked on a connection of their own, so that a pool in full use starves none, and in a
thread, since nothing else bounds a name that is not resolved, a list of hosts that do not answer,
or a disk that hangs.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from typing import Any, Generic, TypeVar

from flask import Flask
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from creditsapp.extensions import db

T = TypeVar("T")
log = logging.getLogger(__name__)


class Unanswered(Exception):
    """The database did not answer, or not in time."""


class Question(Generic[T]):
    """One question, asked by one thread at a time, whose answer is good for `fresh` seconds.

    `well` tells by the answer whether the connection may be kept for the next time.
    """

    def __init__(
        self,
        app: Flask,
        ask: Callable[[Connection], T],
        *,
        seconds: float,
        fresh: float = 0,
        well: Callable[[T], bool] = lambda answer: False,
    ) -> None:
        self._app, self._ask, self._well = app, ask, well
        self._seconds, self._fresh = seconds, fresh
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._asked_at = 0.0
        self._answer: Future[T] | None = None

    def answer(self) -> T:
        """The answer; raise Unanswered."""
        with self._lock:
            age = time.monotonic() - self._asked_at
            if self._answer is None or (self._answer.done() and age >= self._fresh):
                asked: Future[T] = Future()
                threading.Thread(target=self._work, args=(asked,), daemon=True).start()
                self._asked_at, age, self._answer = time.monotonic(), 0.0, asked
            answer = self._answer
        try:
            return answer.result(max(self._seconds - age, 0))
        except NotInTime:
            raise Unanswered("it did not answer in time") from None
        except (SQLAlchemyError, OSError) as error:
            raise Unanswered(type(error).__name__) from error

    def _work(self, answer: Future[T]) -> None:
        try:
            found = self._asked()
            if not self._well(found):
                self.close()
            answer.set_result(found)
        except BaseException as error:
            self.close()
            answer.set_exception(error)

    def close(self) -> None:
        """Close the connection that is kept; the next time asks on a new one."""
        try:
            if self._engine is not None:
                self._engine.dispose()
        except Exception:  # who waits for the answer would never have it
            log.warning("a connection could not be closed", exc_info=True)

    def _asked(self) -> T:
        """Ask; once more where the connection that was kept has broken meanwhile."""
        if self._engine is None:
            with self._app.app_context():
                pool = db.engine.pool.recreate()  # as the app's own connections, and none of them
                self._engine = create_engine(db.engine.url, pool=pool, hide_parameters=True)
        for last in (False, True):
            try:
                with self._engine.connect() as connection:
                    if connection.dialect.name == "postgresql":
                        driver: Any = connection.connection.dbapi_connection
                        driver.deadline = self._seconds
                    return self._ask(connection)
            except DBAPIError as error:
                if last or not error.connection_invalidated:
                    raise
        raise AssertionError("the last one returns or raises")
