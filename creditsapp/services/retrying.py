"""What the database refused for a passing reason is tried again, with a bound and with jitter."""

import functools
import random
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from creditsapp.database.sqlite import is_locked, is_unwritable
from creditsapp.database.timeouts import LOCK_SECONDS
from creditsapp.extensions import db
from creditsapp.metrics import counting
from creditsapp.services.errors import OutcomeUnknown, TryAgainLater
from creditsapp.translation import gettext as _

ATTEMPTS = 5

P = ParamSpec("P")
T = TypeVar("T")


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Run again what failed before its commit, and so changed nothing."""
    return functools.wraps(work)(functools.partial(_run, work, ()))


def retried_by_key(work: Callable[P, T]) -> Callable[P, T]:
    """As `retried`, for work whose key makes it safe to repeat after an unknown outcome, too."""
    return functools.wraps(work)(functools.partial(_run, work, (OutcomeUnknown,)))


def _run(
    work: Callable[..., T], settled_by_key: tuple[type[Exception], ...], *args: Any, **kwargs: Any
) -> T:
    unknown = None
    give_up = time.monotonic() + LOCK_SECONDS
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, 0.025 * 2**attempt))  # nosec B311 # jitter
        try:
            return work(*args, **kwargs)
        except settled_by_key as error:
            unknown = error
            db.engine.dispose()
        except PoolExhausted:
            break
        except DBAPIError as error:
            if _was_waited_for(error):
                break
            if not _is_passing(error):
                if unknown is None:
                    raise
                break
            if error.connection_invalidated or _state(error) == READ_ONLY:
                db.engine.dispose()  # the other connections lead to the same place
        if time.monotonic() > give_up:
            break
    if unknown is not None:
        raise unknown
    counting.given_up()
    raise TryAgainLater(_("The database is busy. Nothing was changed; please try again."))


READ_ONLY = "25006"
_PASSING = ("40001", "40P01", READ_ONLY, "57P01", "57P02", "57P03", "08")
# A lock that was not given, a statement that took too long; no disk, memory or connection left.
_WAITED_FOR = ("55P03", "57014", "53")


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _was_waited_for(error: DBAPIError) -> bool:
    """Whether trying at once again would only make it worse."""
    return is_unwritable(error) or _state(error).startswith(_WAITED_FOR)


def _is_passing(error: DBAPIError) -> bool:
    return (
        error.connection_invalidated
        or is_locked(error)
        or _state(error).startswith(_PASSING)
        or _found_no_server(error)
    )


def _found_no_server(error: DBAPIError) -> bool:
    """Whether it is the refusal of a connection, of which libpq tells no SQLSTATE."""
    return error.statement is None and isinstance(error.orig, psycopg.OperationalError)
