"""The unique index on (user, key) decides what was done already; this reads its verdict."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.models.types import InvalidAmount
from creditsapp.services import wallets
from creditsapp.services.errors import IdempotencyConflict
from creditsapp.services.posting import Movement
from creditsapp.services.transaction import transaction, violates
from creditsapp.translation import gettext as _

_ENTRY_KEY = "uq_ledger_entries_user_id_idempotency_key"
_RANGES = ("ck_wallets_balance_in_range", "ck_wallets_lifetime_used_in_range")


def by_key(user_id: int, key: str) -> LedgerEntry | None:
    """The entry that a stored key stands for."""
    return db.session.scalar(
        select(LedgerEntry).where(
            LedgerEntry.user_id == user_id, LedgerEntry.idempotency_key == key
        )
    )


def settled(movements: Sequence[Movement]) -> list[LedgerEntry | None]:
    """What stands for the keys of a wallet's movements, here and on a standby.

    To read what an unknown commit left behind proves nothing where only this server has it; to
    commit the lock that is taken here waits for the standby as that commit should have.
    """
    with transaction() as session:
        wallets._lock(session, movements[0].user_id)
        return by_keys(movements)


def by_keys(movements: Sequence[Movement]) -> list[LedgerEntry | None]:
    """For each movement, the entry that its key stands for."""
    return [by_key(movement.user_id, movement.key) for movement in movements]


def standing(movement: Movement, error: IntegrityError) -> LedgerEntry:
    """The entry that made a constraint refuse a movement as done before; else raise."""
    entry = settled([movement])[0] if violates(error, _ENTRY_KEY) else None
    if entry is None:
        raise conflict(error) from None
    return same(entry, movement)


def standing_all(
    found: Sequence[LedgerEntry | None], movements: Sequence[Movement]
) -> list[LedgerEntry] | None:
    """The entries that stand, where all of the movements were done before; None when none was.

    Raise IdempotencyConflict when some were, or for something else.
    """
    pairs = zip(found, movements, strict=True)
    entries = [same(entry, movement) for entry, movement in pairs if entry]
    if entries and len(entries) < len(movements):
        raise IdempotencyConflict("Some of these keys were used before.")
    return entries or None


def same(entry: LedgerEntry, movement: Movement) -> LedgerEntry:
    """The entry, if it is what the movement asks for; else raise IdempotencyConflict."""
    stands = (entry.type, entry.operation, entry.amount, entry.refunded_number)
    asked = (movement.type, movement.operation, movement.amount, movement.refunded_number)
    if stands != asked:
        raise IdempotencyConflict(_("This key was used before, for something else."))
    return entry


def conflict(error: IntegrityError) -> Exception:
    """A posting's refusal by a constraint, in the domain's words."""
    if violates(error, _ENTRY_KEY):
        return IdempotencyConflict(_("This key was used before, for something else."))
    if any(violates(error, name) for name in _RANGES):
        return InvalidAmount("the balance would leave the range that can be kept")
    return error
