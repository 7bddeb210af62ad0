"""Reading a ledger back: pages of what is wanted, newest first, and all of it, oldest first."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, func, select

from creditsapp.extensions import db
from creditsapp.models import Creation, LedgerEntry, Purchase
from creditsapp.models.types import NO_CREDITS
from creditsapp.services.wanted import ALL, Wanted


class Row(NamedTuple):
    """An entry with what it leads to: the creation it paid for, the dollars it was bought for."""

    entry: LedgerEntry
    creation_id: str | None
    dollars: int | None


def page(
    user_id: int, wanted: Wanted, *, after: int, last: int, limit: int
) -> tuple[list[Row], int | None]:
    """Wanted entries from number `last` down, above `after`, and the number to go on before."""
    some = (
        select(LedgerEntry.number)
        .where(
            LedgerEntry.user_id == user_id,
            LedgerEntry.number > after,
            LedgerEntry.number <= last,
            *wanted.conditions(),
        )
        .order_by(LedgerEntry.number.desc())
        .limit(limit + 1)
        .subquery()
    )
    found = db.session.execute(
        select(LedgerEntry, Creation.id, Purchase.dollars)
        .join(some, and_(LedgerEntry.user_id == user_id, LedgerEntry.number == some.c.number))
        .outerjoin(
            Creation,
            and_(Creation.user_id == user_id, Creation.entry_number == LedgerEntry.number),
        )
        .outerjoin(Purchase, Purchase.id == LedgerEntry.purchase_id)
        .order_by(LedgerEntry.number.desc())
    )
    rows = [Row(*row) for row in found]
    return rows[:limit], rows[limit - 1].entry.number if len(rows) > limit else None


def oldest(
    user_id: int, *, after: int, limit: int, last: int | None = None, wanted: Wanted = ALL
) -> Sequence[LedgerEntry]:
    """Wanted entries in the order of their numbers, above `after`, up to `last`."""
    query = select(LedgerEntry).where(
        LedgerEntry.user_id == user_id, LedgerEntry.number > after, *wanted.conditions()
    )
    if last is not None:
        query = query.where(LedgerEntry.number <= last)
    return db.session.scalars(query.order_by(LedgerEntry.number).limit(limit)).all()


def cause_of_debt(user_id: int) -> LedgerEntry | None:
    """The entry that took a balance below zero; None where the newest left none there.

    It is near: in debt nothing can be spent, so little happens.
    """
    entries = select(LedgerEntry).where(LedgerEntry.user_id == user_id)
    solvent = (
        select(LedgerEntry.number)
        .where(LedgerEntry.user_id == user_id, LedgerEntry.balance_after >= NO_CREDITS)
        .order_by(LedgerEntry.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    since = entries.where(LedgerEntry.number > func.coalesce(solvent, 0))
    return db.session.scalar(since.order_by(LedgerEntry.number).limit(1))
