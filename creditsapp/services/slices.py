"""A ledger cut at moments, and what each slice comes to.

However long a ledger is, little of it is read as long as all entries are wanted: numbers count
them, `balance_after` sums them up, and what in a slice is no usage is found by an index; the rest
was spent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import case, false, func, select, text

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.models.types import NO_CREDITS, added
from creditsapp.models.wallet import NO_USAGE
from creditsapp.services.marks import Mark, newest_and_before
from creditsapp.services.wanted import Wanted


@dataclass(frozen=True)
class Sums:
    """What some entries come to; `added` and `taken_back` are of all that is no usage."""

    count: int = 0
    spent: Decimal = Decimal(0)
    added: Decimal = Decimal(0)
    taken_back: Decimal = Decimal(0)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.count + other.count,
            added(self.spent, other.spent),
            added(self.added, other.added),
            added(self.taken_back, other.taken_back),
        )


NOTHING = Sums()


@dataclass(frozen=True)
class Slice:
    """The entries after number `after` up to `last`, and what the wanted ones of them come to."""

    after: int
    last: int
    sums: Sums


def cut(user_id: int, starts: Sequence[datetime], wanted: Wanted) -> list[Slice]:
    """A slice from each start (latest first) to the one before it, and one of what is older."""
    newest, marks = newest_and_before(user_id, [*starts, *wanted.moments])
    after, last = wanted.span(newest, marks)
    ends = [last, *(max(after, min(marks[start], last)) for start in starts), after]
    conditions = wanted.conditions()
    usages = bool(conditions) and wanted.type in (None, "usage")
    found = _summed(user_id, ends, conditions or [text(NO_USAGE)], usages=usages)
    slices = []
    for place, (end, begin) in enumerate(zip(ends, ends[1:], strict=False)):
        sums = found.get(place, NOTHING)
        if not conditions:
            sums = _with_usages(sums, begin, end)
        slices.append(Slice(begin.number, end.number, sums))
    return slices


def _summed(
    user_id: int, ends: list[Mark], conditions: list[Any], *, usages: bool
) -> dict[int, Sums]:
    """What the entries of each slice come to; most are old, so the oldest slice is tried first.

    Without `usages` there are none, and an index has all that is asked for.
    """
    number, amount = LedgerEntry.number, LedgerEntry.amount
    used = LedgerEntry.type == "usage" if usages else false()
    oldest_first = reversed(list(enumerate(ends[:-1])))
    rows = db.session.execute(
        select(
            case(*[(number <= end.number, place) for place, end in oldest_first]).label("place"),
            func.count(),
            func.sum(case((used, -amount), else_=NO_CREDITS)),
            func.sum(case((~used & (amount > 0), amount), else_=NO_CREDITS)),
            func.sum(case((~used & (amount < 0), -amount), else_=NO_CREDITS)),
        )
        .where(
            LedgerEntry.user_id == user_id,
            number > ends[-1].number,
            number <= ends[0].number,
            *conditions,
        )
        .group_by("place")
    )
    return {place: Sums(*sums) for place, *sums in rows}


def _with_usages(others: Sums, begin: Mark, end: Mark) -> Sums:
    """Sums of all entries between two marks, from those of what is no usage."""
    spent = added(
        begin.balance, others.added, others.taken_back.copy_negate(), end.balance.copy_negate()
    )
    return Sums(end.number - begin.number, spent, others.added, others.taken_back)
