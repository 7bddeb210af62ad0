"""Spending, granting, and reading back every movement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.metrics import counting
from creditsapp.models import LedgerEntry
from creditsapp.models.types import (
    added,
    as_credits,
    format_credits,
    positive_credits,
    signed_credits,
    to_units,
)
from creditsapp.services import audit, expiry, mails, wallets
from creditsapp.services.batch import post_usages
from creditsapp.services.errors import IdempotencyConflict, RefundTooLarge
from creditsapp.services.idempotency import (
    by_key,
    by_keys,
    conflict,
    same,
    settled,
    standing,
    standing_all,
)
from creditsapp.services.keys import caller_key
from creditsapp.services.posting import Movement, post, post_unguarded
from creditsapp.services.retrying import retried_by_key
from creditsapp.services.transaction import single_posting, transaction
from creditsapp.services.wallets import Balance

GIVEN_BACK = "Given back"


def spend(
    user_id: int,
    amount: Decimal | int,
    *,
    operation: str,
    description: str = "",
    details: dict[str, Any] | None = None,
    key: str | None = None,
) -> LedgerEntry:
    """Take credits for a paid operation.

    A key that was used before gives the entry that stands. Raise InsufficientCredits,
    IdempotencyConflict (the key stands for something else), WalletNotFound, InvalidAmount,
    InvalidKey, or TypeError for a float.
    """
    movement = Movement(
        user_id=user_id,
        amount=positive_credits(amount).copy_negate(),
        type="usage",
        key=caller_key(key),
        operation=operation,
        description=description,
        details=details or {},
    )
    entry = _spend(movement)
    counting.spent(entry)
    return entry


@retried_by_key
def _spend(movement: Movement) -> LedgerEntry:
    try:
        with single_posting() as driver:
            entry = post(driver, movement)
        return entry or _spend_with_expired_holds(movement)
    except IntegrityError as error:
        return standing(movement, error)


def _spend_with_expired_holds(movement: Movement) -> LedgerEntry:
    """Try once more, with what overdue holds still reserve; then say why not."""
    with transaction() as session:
        expiry._expire(session, movement.user_id)
        wallets._lock(session, movement.user_id)
        entry = post(Driver.of(session), movement)
        if entry is not None:
            return entry
        entry = by_key(movement.user_id, movement.key)
        if entry is not None:
            return same(entry, movement)
        raise wallets._short_of(session, movement.user_id, movement.amount.copy_negate())


@dataclass(frozen=True)
class Usage:
    """One of several usages that are spent together."""

    amount: Decimal | int
    operation: str
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    key: str | None = None


def spend_many(user_id: int, usages: Sequence[Usage]) -> list[LedgerEntry]:
    """Spend several usages in one statement, all or none, each its own entry and key.

    All of the keys used before give the entries that stand; some of them raise
    IdempotencyConflict. Raise as `spend` does.
    """
    movements = [
        Movement(
            user_id=user_id,
            amount=positive_credits(usage.amount).copy_negate(),
            type="usage",
            key=caller_key(usage.key),
            operation=usage.operation,
            description=usage.description,
            details=usage.details,
        )
        for usage in usages
    ]
    if not movements:
        return []
    if len({movement.key for movement in movements}) < len(movements):
        raise IdempotencyConflict("A key is there twice.")
    total = as_credits(added(*[movement.amount for movement in movements]).copy_negate())
    entries = _spend_many(movements, total)
    counting.spent(*entries)
    return entries


@retried_by_key
def _spend_many(movements: list[Movement], total: Decimal) -> list[LedgerEntry]:
    try:
        with single_posting() as driver:
            entries = post_usages(driver, movements)
        return entries or _spend_many_with_expired_holds(movements, total)
    except IntegrityError as error:
        entries = standing_all(settled(movements), movements)
        if entries is None:
            raise conflict(error) from None
        return entries


def _spend_many_with_expired_holds(movements: list[Movement], total: Decimal) -> list[LedgerEntry]:
    user_id = movements[0].user_id
    with transaction() as session:
        expiry._expire(session, user_id)
        wallets._lock(session, user_id)
        entries = post_usages(Driver.of(session), movements)
        if entries is None:
            entries = standing_all(by_keys(movements), movements)
        if entries is None:
            raise wallets._short_of(session, user_id, total)
        return entries


def grant(
    user_id: int,
    amount: Decimal | int,
    *,
    description: str,
    key: str | None = None,
    actor: str | None = None,
) -> LedgerEntry:
    """Give bonus credits; with an actor, leave a line in the operators' audit trail.

    A key that was used before gives the entry that stands. Raise as `spend` does.
    """
    movement = Movement(
        user_id=user_id,
        amount=positive_credits(amount),
        type="bonus",
        key=caller_key(key),
        description=description,
        actor=actor,
    )
    return _operate("credits grant", movement)


def adjust(
    user_id: int,
    amount: Decimal | int,
    *,
    description: str,
    key: str | None = None,
    actor: str | None = None,
) -> LedgerEntry:
    """Correct a wallet by a signed amount, which may leave a debt; otherwise as `grant`."""
    movement = Movement(
        user_id=user_id,
        amount=signed_credits(amount),
        type="adjustment",
        key=caller_key(key),
        description=description,
        actor=actor,
    )
    return _operate("credits adjust", movement)


@retried_by_key
def _operate(command: str, movement: Movement) -> LedgerEntry:
    try:
        with transaction() as session:
            return _post_for_operator(session, command, movement)
    except IntegrityError as error:
        return standing(movement, error)


def _post_for_operator(session: Session, command: str, movement: Movement) -> LedgerEntry:
    """Post; tell of a debt, and where an actor is named, leave a line in the operators' trail."""
    entry = post_unguarded(Driver.of(session), movement)
    if entry.balance_after < 0 <= added(entry.balance_after, entry.amount.copy_negate()):
        mails._queue(
            session,
            movement.user_id,
            "debt",
            key=f"debt:{movement.user_id}:{entry.number}",
            number=entry.number,
            taken=-to_units(entry.amount),
            balance=to_units(entry.balance_after),
            reason=entry.description,
        )
    if movement.actor:
        audit._record(
            session,
            actor=movement.actor,
            command=command,
            subject=f"user {movement.user_id}",
            reason=movement.description,
            details={"amount": str(movement.amount), "number": entry.number},
            key=movement.key,
        )
    return entry


def refund_usage(
    usage: LedgerEntry,
    amount: Decimal | int | None = None,
    *,
    description: str = GIVEN_BACK,
    key: str | None = None,
) -> LedgerEntry:
    """Give back what a usage took, or a part of it, and never more over all.

    Without an amount, all that was not given back yet. A key that was used before gives the entry
    that stands. Raise RefundTooLarge, or as `grant` does.
    """
    wanted = None if amount is None else positive_credits(amount)
    return _refund_usage(usage.user_id, usage.number, wanted, description, caller_key(key))


@retried_by_key
def _refund_usage(
    user_id: int, number: int, wanted: Decimal | None, description: str, key: str
) -> LedgerEntry:
    try:
        with transaction() as session:
            wallets._lock(session, user_id)
            before = by_key(user_id, key)
            usage, left = _not_given_back(session, user_id, number)
            movement = Movement(
                user_id=user_id,
                amount=wanted or (before.amount if before else left),
                type="refund",
                key=key,
                operation=usage.operation if usage else None,
                description=description,
                refunded_number=number,
            )
            if before:
                return same(before, movement)
            if not 0 < movement.amount <= left:
                raise RefundTooLarge(f"{format_credits(left)} of this usage can be given back.")
            return post_unguarded(Driver.of(session), movement)
    except IntegrityError as error:
        raise conflict(error) from None


def _not_given_back(
    session: Session, user_id: int, number: int
) -> tuple[LedgerEntry | None, Decimal]:
    """The usage of this number, if it is one, and what it took that no refund has returned."""
    usage = session.scalar(
        select(LedgerEntry)
        .where(
            LedgerEntry.user_id == user_id,
            LedgerEntry.number == number,
            LedgerEntry.type == "usage",
        )
        .execution_options(populate_existing=True)
    )
    if usage is None:
        return None, Decimal(0)
    returned = session.scalar(
        select(func.sum(LedgerEntry.amount)).where(
            LedgerEntry.user_id == user_id, LedgerEntry.refunded_number == number
        )
    )
    return usage, added(usage.amount, returned or Decimal(0)).copy_negate()


def balance(user_id: int) -> Balance:
    """What a user has now; a hold past its time no longer counts, swept or not."""
    return wallets._balance(db.session(), user_id)


def history(
    user_id: int, *, limit: int = 50, before: int | None = None
) -> tuple[list[LedgerEntry], int | None]:
    """Entries newest first, below the number `before`, and the number to go on before, if any."""
    query = select(LedgerEntry).where(LedgerEntry.user_id == user_id)
    if before is not None:
        query = query.where(LedgerEntry.number < before)
    query = query.order_by(LedgerEntry.number.desc()).limit(limit + 1)
    entries = list(db.session.scalars(query))
    more = len(entries) > limit
    return entries[:limit], entries[limit - 1].number if more else None


def entry(user_id: int, number: int) -> LedgerEntry:
    """One entry by its number; raise LookupError."""
    found = db.session.get(LedgerEntry, (user_id, number))
    if found is None:
        raise LookupError(f"user {user_id} has no entry {number}")
    return found
