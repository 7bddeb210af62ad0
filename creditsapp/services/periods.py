"""The ledger by period, as its reader's calendar has it: today, this week, this month, earlier."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from sqlalchemy import case, func, select

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.models.types import NO_CREDITS


@dataclass(frozen=True)
class Period:
    """A span of time, with what all of its entries come to, shown on the page or not."""

    title: str
    start: datetime | None
    count: int = 0
    spent: Decimal = Decimal(0)
    added: Decimal = Decimal(0)
    taken_back: Decimal = Decimal(0)


def summed(user_id: int, at: datetime, zone: tzinfo) -> list[Period]:
    """The periods that have entries, newest first, summed in the database."""
    spans = _spans(at.astimezone(zone))
    number = case(
        *[(LedgerEntry.created_at >= start, index) for index, (_, start) in enumerate(spans)],
        else_=len(spans),
    )
    usage = LedgerEntry.type == "usage"
    rows = db.session.execute(
        select(
            number.label("period"),
            func.count(),
            *[
                func.sum(case((condition, LedgerEntry.amount), else_=NO_CREDITS))
                for condition in (usage, LedgerEntry.amount > 0, (LedgerEntry.amount < 0) & ~usage)
            ],
        )
        .where(LedgerEntry.user_id == user_id)
        .group_by("period")
        .order_by("period")
    )
    named: list[tuple[str, datetime | None]] = [*spans, ("Earlier", None)]
    return [
        Period(named[index][0], named[index][1], count, -spent, added, -taken_back)
        for index, count, spent, added, taken_back in rows
    ]


def _spans(local: datetime) -> list[tuple[str, datetime]]:
    """Where each period begins; a day begins at its local midnight, however long it is."""
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    week = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    spans = [("Today", today), ("This week", week)]
    if month < week:
        spans.append(("This month", month))
    return spans


def grouped(
    entries: list[LedgerEntry], periods: list[Period]
) -> list[tuple[Period, list[LedgerEntry]]]:
    """Entries, newest first, below the periods they belong to; periods without any are left out."""
    groups: list[tuple[Period, list[LedgerEntry]]] = []
    for entry in entries:
        period = next(p for p in periods if p.start is None or entry.created_at >= p.start)
        if not groups or groups[-1][0] is not period:
            groups.append((period, []))
        groups[-1][1].append(entry)
    return groups
