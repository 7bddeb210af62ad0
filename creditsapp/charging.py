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
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from creditsapp.extensions import login_manager
from creditsapp.logs.notes import note
from creditsapp.models import Hold, LedgerEntry
from creditsapp.models.types import as_credits
from creditsapp.prices import InvalidQuantity, PriceList
from creditsapp.services import holds
from creditsapp.services.errors import (
    HoldClosed,
    OperationInProgress,
    OutcomeUnknown,
    ServiceError,
    TryAgainLater,
    WalletNotFound,
)
from creditsapp.services.transaction import now
from creditsapp.translation import gettext as _

log = logging.getLogger(__name__)

# After these a queue delivers the job again, and finds its hold as it was left.
_COMES_BACK = (
    OutcomeUnknown,
    TryAgainLater,
    OperationalError,
    PoolExhausted,
    KeyboardInterrupt,
    SystemExit,
)


class AlreadyCharged(ServiceError):
    """The work was done and paid for before; `hold` is the one that was captured."""

    code = "already_charged"
    status = 409

    def __init__(self, hold: Hold) -> None:
        self.hold = hold
        super().__init__(_("This was done and paid for before. Nothing more was charged."))


class Charge:
    """Credits held for work under way; what nobody resolved by the end is captured whole."""

    def __init__(self, hold: Hold) -> None:
        self.user_id = hold.user_id
        self.hold_id = hold.id
        self.operation = hold.operation
        self.amount = hold.amount
        self.entry: LedgerEntry | None = None
        self._left = False

    @property
    def resolved(self) -> bool:
        """Whether it was captured, released or handed over."""
        return self.entry is not None or self._left

    def capture(
        self, amount: Decimal | int | None = None, *, quantity: Decimal | int | None = None
    ) -> LedgerEntry | None:
        """Charge all, or a part and release the rest; safe to repeat with the same amount.

        The part is an amount of credits, or a quantity at the operation's price per unit. What
        comes to 0 is released: there is no entry, and a key may be used again.
        """
        if quantity is not None:
            if amount is not None:
                raise TypeError("a capture takes an amount or a quantity, not both")
            amount = prices().cost(self.operation, quantity)
        if amount is not None and as_credits(amount) == 0:
            if not self._left:
                self.release()
            return None
        self.entry = holds.capture_once(self.user_id, self.hold_id, amount)
        return self.entry

    def release(self) -> None:
        """Charge nothing."""
        holds.release(self.user_id, self.hold_id)
        self._left = True

    def hand_over(self) -> str:
        """Leave the hold open at the block's end, for `resume` elsewhere; return its id."""
        self._left = True
        return self.hold_id


@contextmanager
def charge(
    user: Any,
    operation: str,
    *,
    quantity: Decimal | int | None = None,
    description: str = "",
    seconds: int | None = None,
    key: str | None = None,
    fingerprint: str | None = None,
) -> Iterator[Charge]:
    """Charge a user (or user id) for the block's work; a block that raises costs nothing,
    unless it has captured before.

    An operation with a price per unit needs its quantity, or the most that it can come to. The
    hold lives for `seconds`, by default HOLD_SECONDS.

    Raise InsufficientCredits before the work begins. With a key: AlreadyCharged when its work was
    done before, OperationInProgress while it is under way, IdempotencyConflict when `fingerprint`
    (of the input) is another.
    """
    note(operation=operation.lower())
    user_id, hold_id = _number_of(user), str(uuid.uuid4())
    most = prices().cost(operation, quantity)
    if most == 0:
        raise InvalidQuantity(_("There is nothing to work on. Nothing was charged."))
    try:
        hold = holds.hold(
            user_id,
            most,
            operation=operation.lower(),
            description=description,
            seconds=current_app.config["HOLD_SECONDS"] if seconds is None else seconds,
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
        raise OperationInProgress(_("This is being worked on already. Nothing more was charged."))
    with _work(hold) as work:
        yield work


@contextmanager
def resume(user: Any, hold_id: str) -> Iterator[Charge]:
    """The block of a charge that was handed over, in whatever process does its work.

    Raise before the work begins: AlreadyCharged when the work was done before, HoldClosed when
    the hold was released or its time is over, HoldNotFound. A block that raises costs nothing;
    but when the database does not answer or the process is stopped, the hold stays as it is, so
    that the same job can come again.
    """
    hold = holds.find(_number_of(user), hold_id)
    if hold.status == "captured":
        raise AlreadyCharged(hold)
    if hold.status != "held" or hold.expires_at <= now():
        raise HoldClosed(_("The time for this work is over. Nothing was charged."))
    with _work(hold, left_by=_COMES_BACK) as work:
        yield work


@contextmanager
def _work(hold: Hold, left_by: tuple[type[BaseException], ...] = ()) -> Iterator[Charge]:
    """Resolve a hold by how the block ends; `left_by` are exceptions that leave it open."""
    work = Charge(hold)
    try:
        yield work
        if not work.resolved:
            work.capture()
    except BaseException as error:
        if not work.resolved and not isinstance(error, left_by):
            _let_go(work.user_id, work.hold_id)
        raise


def _number_of(user: Any) -> int:
    number = getattr(user, "id", user)
    if isinstance(number, bool) or not isinstance(number, int):
        raise WalletNotFound("There is nobody to charge.")
    return number


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
            if not current_user.is_authenticated:
                return login_manager.unauthorized()
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
