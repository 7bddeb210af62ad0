"""Charging for work: a `with` block or a decorator around it, priced by the price list.

The credits are held before the work and captured after it; work that raises costs nothing, and
a crash leaves a hold that expires by itself.
"""

import functools
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from flask import current_app, make_response
from flask_login import current_user

from creditsapp.models import Hold, LedgerEntry
from creditsapp.prices import PriceList
from creditsapp.services import holds
from creditsapp.services.errors import OperationInProgress, OutcomeUnknown

log = logging.getLogger(__name__)


class AlreadyCharged(Exception):
    """The key's work was done and paid for before; `hold` is the one that was captured."""

    def __init__(self, hold: Hold) -> None:
        self.hold = hold
        super().__init__(f"hold {hold.id} was captured before")


class Charge:
    """Credits held for work under way; what nobody resolved by the end is captured whole."""

    def __init__(self, hold: Hold) -> None:
        self.user_id = hold.user_id
        self.hold_id = hold.id
        self.amount = hold.amount
        self.entry: LedgerEntry | None = None
        self._released = False

    @property
    def resolved(self) -> bool:
        """Whether it was captured or released."""
        return self.entry is not None or self._released

    def capture(self, amount: Decimal | int | None = None) -> LedgerEntry:
        """Charge all, or a part and release the rest."""
        self.entry = holds.capture(self.user_id, self.hold_id, amount)
        return self.entry

    def release(self) -> None:
        """Charge nothing."""
        holds.release(self.user_id, self.hold_id)
        self._released = True


@contextmanager
def charge(
    user: Any,
    operation: str,
    *,
    description: str = "",
    key: str | None = None,
    fingerprint: str | None = None,
) -> Iterator[Charge]:
    """Charge a user (or user id) for the block's work; a block that raises costs nothing.

    Raise InsufficientCredits before the work begins. With a key: AlreadyCharged when its work was
    done before, OperationInProgress while it is under way, IdempotencyConflict when `fingerprint`
    (of the input) is another.
    """
    user_id, hold_id = getattr(user, "id", user), str(uuid.uuid4())
    try:
        hold = holds.hold(
            user_id,
            prices().cost(operation),
            operation=operation.lower(),
            description=description,
            seconds=current_app.config["HOLD_SECONDS"],
            key=key,
            fingerprint=fingerprint,
            hold_id=hold_id,
        )
    except OutcomeUnknown:
        _let_go(user_id, hold_id)
        raise
    if hold.id != hold_id:
        if hold.status == "captured":
            raise AlreadyCharged(hold)
        raise OperationInProgress("This is being worked on already. Nothing more was charged.")
    work = Charge(hold)
    try:
        yield work
        if not work.resolved:
            work.capture()
    except BaseException:
        if not work.resolved:
            _let_go(work.user_id, work.hold_id)
        raise


def _let_go(user_id: int, hold_id: str) -> None:
    try:
        holds.release(user_id, hold_id)
    except Exception as error:
        log.warning("hold %s is left to expire: %s", hold_id, error)


def charged(operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Charge the signed-in user for a view; an answer of 400 and above costs nothing."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def run(*args: Any, **kwargs: Any) -> Any:
            with charge(current_user, operation) as work:
                response = make_response(view(*args, **kwargs))
                if response.status_code >= 400 and not work.resolved:
                    work.release()
            return response

        return run

    return decorate


def prices() -> PriceList:
    """The price list of this app."""
    listed: PriceList = current_app.extensions["creditsapp"].prices
    return listed
