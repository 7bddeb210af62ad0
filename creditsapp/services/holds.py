"""Credits reserved for work under way: held, then captured, released or expired, exactly once.

Resolving a hold locks its row before the wallet's. The one act that can meet it the other way, a
hold with the key of one that is being resolved, is a deadlock that PostgreSQL breaks and we retry.
"""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.metrics import counting
from creditsapp.models import Hold, LedgerEntry, Wallet
from creditsapp.models.types import CreditAmount, is_uuid, positive_credits
from creditsapp.models.wallet import LONGEST_HOLD
from creditsapp.services import wallets
from creditsapp.services.errors import (
    CaptureTooLarge,
    HoldClosed,
    HoldNotFound,
    IdempotencyConflict,
    InsufficientCredits,
)
from creditsapp.services.expiry import _expire, _free
from creditsapp.services.idempotency import by_key, conflict
from creditsapp.services.keys import caller_key
from creditsapp.services.posting import Movement, check_text, post
from creditsapp.services.retrying import retried, retried_by_key
from creditsapp.services.transaction import end_reads, now, transaction, violates
from creditsapp.translation import gettext as _


class InvalidSeconds(ValueError):
    """A hold lives for a whole number of seconds, at least one and at most a year."""


def hold(
    user_id: int,
    amount: Decimal | int,
    *,
    operation: str,
    description: str = "",
    seconds: int = 900,
    key: str | None = None,
    fingerprint: str | None = None,
    hold_id: str | None = None,
) -> Hold:
    """Reserve credits for `seconds`, under a new id or the one that is given.

    While a hold with the key is open or captured, that one is returned instead, if operation and
    fingerprint of the input are the same. Raise InsufficientCredits, IdempotencyConflict,
    WalletNotFound, InvalidAmount, InvalidSeconds, InvalidKey, InvalidText, or TypeError for a
    float.
    """
    wallets.check_user(user_id)
    check_text(operation, 64)
    check_text(description[:500], 500)
    check_text(fingerprint or "", 64)
    _check_seconds(seconds)
    if hold_id is not None and not is_uuid(hold_id):
        raise ValueError("a hold's id is a UUID")
    at = now()
    wanted: dict[str, Any] = {
        "id": hold_id or str(uuid.uuid4()),
        "user_id": user_id,
        "amount": positive_credits(amount),
        "operation": operation,
        "description": description[:500],
        "status": "held",
        "idempotency_key": None if key is None else caller_key(key),
        "fingerprint": fingerprint,
        "created_at": at,
        "expires_at": at + timedelta(seconds=seconds),
    }
    return _hold(wanted)


def _check_seconds(seconds: int) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise TypeError(f"seconds are an int, not {type(seconds).__name__}")
    if not 1 <= seconds <= LONGEST_HOLD:
        raise InvalidSeconds(f"a hold lives for 1 to {LONGEST_HOLD} seconds")


@retried
def _hold(wanted: dict[str, Any]) -> Hold:
    user_id, amount = wanted["user_id"], wanted["amount"]
    hold = Hold(**wanted)
    try:
        with transaction() as session:
            _expire(session, user_id)
            if not _reserve(session, user_id, amount):
                wallets._lock(session, user_id)
                standing_hold = _by_key(session, hold)
                if standing_hold is not None:
                    return standing_hold
                if not _reserve(session, user_id, amount):
                    raise wallets._short_of(session, user_id, amount)
            session.add(hold)
    except IntegrityError as error:
        if violates(error, "pk_holds"):
            raise IdempotencyConflict("There is a hold with this id.") from None
        if not violates(error, "uq_holds_live_key"):
            raise
        return _standing(hold) or _hold(wanted)  # given back meanwhile, the key is free again
    return hold


def _reserve(session: Session, user_id: int, amount: Decimal) -> bool:
    """Add to what is held, if as much is available."""
    units = literal(amount, CreditAmount())  # compared with a sum, it would lose its type
    reserved = session.execute(
        update(Wallet)
        .where(Wallet.user_id == user_id, Wallet.balance - Wallet.held >= units)
        .values(held=Wallet.held + units)
        .returning(Wallet.user_id)
    )
    return reserved.first() is not None


def _standing(wanted: Hold) -> Hold | None:
    """What stands for the key; the lock makes sure that it stands on a standby as well."""
    with transaction() as session:
        wallets._lock(session, wanted.user_id)
        return _by_key(session, wanted)


def _by_key(session: Session, wanted: Hold) -> Hold | None:
    """The open or captured hold that has the key already; raise IdempotencyConflict."""
    if wanted.idempotency_key is None:
        return None
    found = session.scalar(
        select(Hold).where(
            Hold.user_id == wanted.user_id,
            Hold.idempotency_key == wanted.idempotency_key,
            Hold.status.in_(("held", "captured")),
        )
    )
    if found is not None:
        if (found.operation, found.fingerprint) != (wanted.operation, wanted.fingerprint):
            raise IdempotencyConflict(_("This key was used before, with other input."))
    return found


def find(user_id: int, hold_id: str) -> Hold:
    """A user's own hold, open or closed, with no connection kept; raise HoldNotFound."""
    found = _find(db.session(), user_id, hold_id)
    end_reads()
    return found


def capture(
    user_id: int, hold_id: str, amount: Decimal | int | None = None, *, key: str | None = None
) -> LedgerEntry:
    """Charge all of a hold, or a part and release the rest.

    Again with the same key gives the same entry, so that an answer that was lost is asked for
    again; without a key it raises OutcomeUnknown. Raise HoldNotFound, HoldClosed,
    CaptureTooLarge, InsufficientCredits (a debt came up meanwhile) or as `hold` does.
    """
    wanted = None if amount is None else positive_credits(amount)
    stored_key = None if key is None else caller_key(key)
    again = retried if stored_key is None else retried_by_key
    entry = again(_capture_alone)(user_id, hold_id, wanted, stored_key)
    counting.spent(entry)
    return entry


def capture_once(user_id: int, hold_id: str, amount: Decimal | int | None = None) -> LedgerEntry:
    """As `capture`, by the hold's own key: a repeat with the same amount gives the same entry."""
    wanted = None if amount is None else positive_credits(amount)
    entry = retried_by_key(_capture_alone)(user_id, hold_id, wanted, _own_key(hold_id))
    counting.spent(entry)
    return entry


def _own_key(hold_id: str) -> str:
    return f"hold:{hold_id}"


def _capture_alone(
    user_id: int, hold_id: str, amount: Decimal | None, stored_key: str | None
) -> LedgerEntry:
    try:
        with transaction() as session:
            return _capture(session, user_id, hold_id, amount, stored_key=stored_key)
    except IntegrityError as error:
        raise conflict(error) from None


def _capture(
    session: Session,
    user_id: int,
    hold_id: str,
    amount: Decimal | None = None,
    *,
    stored_key: str | None = None,
    description: str | None = None,
) -> LedgerEntry:
    hold = _find(session, user_id, hold_id, lock=True)
    charged = hold.amount if amount is None else amount
    movement = Movement(
        user_id=user_id,
        amount=charged.copy_negate(),
        type="usage",
        key=stored_key or _own_key(hold_id),
        operation=hold.operation,
        description=hold.description if description is None else description,
        released=hold.amount,
        hold_id=hold_id,
    )
    if hold.status != "held":
        return _captured_before(hold, movement, keyed=stored_key is not None)
    if charged > hold.amount:
        raise CaptureTooLarge("More than was held cannot be captured.")
    entry = post(Driver.of(session), movement)
    if entry is None:
        wallets._lock(session, user_id)
        entry = post(Driver.of(session), movement)
    if entry is None:
        balance = wallets._balance(session, user_id).balance  # what is held is this hold's, too
        raise InsufficientCredits(charged, balance, balance)
    _resolve(session, hold_id, "captured", entry_number=entry.number)
    return entry


def _captured_before(hold: Hold, movement: Movement, *, keyed: bool) -> LedgerEntry:
    entry = by_key(hold.user_id, movement.key) if keyed else None
    if entry is None or entry.hold_id != hold.id or entry.amount != movement.amount:
        raise HoldClosed(f"This hold is {hold.status} already.")
    return entry


@retried
def release(user_id: int, hold_id: str) -> None:
    """Give up a hold; nothing is charged. Raise HoldNotFound or HoldClosed."""
    with transaction() as session:
        hold = _find(session, user_id, hold_id, lock=True)
        if hold.status != "held":
            raise HoldClosed(f"This hold is {hold.status} already.")
        _resolve(session, hold_id, "released")
        _free(session, user_id, hold.amount)


def _find(session: Session, user_id: int, hold_id: str, *, lock: bool = False) -> Hold:
    query = select(Hold).where(Hold.id == hold_id, Hold.user_id == user_id)
    if lock:
        query = query.with_for_update()
    query = query.execution_options(populate_existing=True)
    found = session.scalar(query) if is_uuid(hold_id) else None
    if found is None:
        raise HoldNotFound("There is no such hold.")
    return found


def _resolve(
    session: Session, hold_id: str, status: str, *, entry_number: int | None = None
) -> None:
    """Close a hold, if nobody else has: on SQLite, FOR UPDATE locks nothing."""
    closed = session.execute(
        update(Hold)
        .where(Hold.id == hold_id, Hold.status == "held")
        .values(status=status, resolved_at=now(), entry_number=entry_number)
        .returning(Hold.id)
    ).first()
    if closed is None:
        raise HoldClosed("This hold was closed at the same moment.")
