"""The ledger by period, as its reader's calendar has it: today, this week, this month, earlier.

However long a ledger is, little of it is read: numbers count the entries, `balance_after` sums them
up, and what in a period is no usage is found by an index; the rest was spent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import case, func, literal, select, text, union_all

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.models.types import NO_CREDITS
from creditsapp.models.wallet import NO_USAGE


@dataclass(frozen=True)
class Period:
    """The entries from number `first` to the next period, and what all of them come to.

    Numbers decide and not times, so that a clock that is set back at midnight tears no period.
    """

    title: str
    first: int
    count: int = 0
    spent: Decimal = Decimal(0)
    added: Decimal = Decimal(0)
    taken_back: Decimal = Decimal(0)


class _Mark(NamedTuple):
    """The last entry before a period, and the balance after it."""

    number: int = 0
    balance: Decimal = Decimal(0)


def summed(user_id: int, at: datetime, zone: tzinfo) -> list[Period]:
    """The periods that have entries, newest first, each with the sums of all of its entries."""
    spans = _spans(at.astimezone(zone))
    newest, *marks = _marks(user_id, [start for _, start in spans])
    came_and_went = _without_usages(user_id, newest, marks)
    periods, end = [], newest
    for index, mark in enumerate(marks):
        added, taken_back = came_and_went.get(index, (Decimal(0), Decimal(0)))
        spent = mark.balance + added - taken_back - end.balance
        if end.number > mark.number:
            title = spans[index][0] if index < len(spans) else "Earlier"
            count = end.number - mark.number
            periods.append(Period(title, mark.number + 1, count, spent, added, taken_back))
        end = mark
    return periods


def _marks(user_id: int, starts: list[datetime]) -> list[_Mark]:
    """The newest entry, the last one before each start (latest first), and the beginning."""
    entries = select(LedgerEntry.number, LedgerEntry.balance_after).where(
        LedgerEntry.user_id == user_id
    )
    by_time = entries.order_by(LedgerEntry.created_at.desc(), LedgerEntry.number.desc())
    wanted = [
        entries.order_by(LedgerEntry.number.desc()),
        *[by_time.where(LedgerEntry.created_at < start) for start in starts],
    ]
    each = [query.limit(1).subquery() for query in wanted]
    rows = db.session.execute(
        union_all(*[select(literal(index), one) for index, one in enumerate(each)])
    )
    found = {index: _Mark(number, balance) for index, number, balance in rows}
    marks = [_Mark()]
    for index in reversed(range(len(wanted))):
        marks.append(max(marks[-1], found.get(index, _Mark())))
    return marks[::-1]


def _without_usages(
    user_id: int, newest: _Mark, marks: list[_Mark]
) -> dict[int, tuple[Decimal, Decimal]]:
    """What was added and what was taken back after each of the marks."""
    number = LedgerEntry.number
    amount = LedgerEntry.amount
    rows = db.session.execute(
        select(
            case(*[(number > mark.number, index) for index, mark in enumerate(marks)]).label(
                "mark"
            ),
            func.sum(case((amount > 0, amount), else_=NO_CREDITS)),
            func.sum(case((amount < 0, -amount), else_=NO_CREDITS)),
        )
        .where(LedgerEntry.user_id == user_id, number <= newest.number, text(NO_USAGE))
        .group_by("mark")
    )
    return {index: (added, taken_back) for index, added, taken_back in rows}


def _spans(local: datetime) -> list[tuple[str, datetime]]:
    """Where each period begins; a day begins at its local midnight, however long it is."""
    today = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
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
        period = next(period for period in periods if entry.number >= period.first)
        if not groups or groups[-1][0] is not period:
            groups.append((period, []))
        groups[-1][1].append(entry)
    return groups
