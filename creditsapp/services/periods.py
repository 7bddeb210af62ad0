"""The ledger by its reader's calendar: today, this week, this month, earlier; and day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from creditsapp.services.slices import NOTHING, Slice, Sums, cut
from creditsapp.services.wanted import ALL, Wanted

DAYS = 30


@dataclass(frozen=True)
class Period:
    """The entries after number `after` up to `last`, and what the wanted ones of them come to."""

    name: str
    after: int
    last: int
    sums: Sums


@dataclass(frozen=True)
class Summary:
    """What is found in a ledger: periods that have some of it, and the last days, newest first.

    All of it lies after number `after`, up to `last`.
    """

    periods: list[Period]
    days: list[tuple[date, Sums]]
    after: int
    last: int

    @property
    def count(self) -> int:
        """How many entries are found."""
        return sum(period.sums.count for period in self.periods)


def summed(user_id: int, at: datetime, zone: tzinfo, wanted: Wanted = ALL) -> Summary:
    """What the wanted entries come to, whatever page of them is shown."""
    today = at.astimezone(zone).date()
    begins = _begins(today)
    days = [today - timedelta(days=passed) for passed in range(DAYS)]
    starts = sorted({*days, *begins.values()}, reverse=True)
    slices = cut(user_id, [midnight(day, zone) for day in starts], wanted)
    by_day = dict(zip(starts, slices, strict=False))
    periods, done = [], 0
    for name, first in [*begins.items(), ("earlier", None)]:
        end = starts.index(first) + 1 if first else len(slices)
        periods.append(_period(name, slices[done:end]))
        done = end
    return Summary(
        [period for period in periods if period.sums.count],
        [(day, by_day[day].sums) for day in days],
        slices[-1].after,
        slices[0].last,
    )


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins, however long: at its first midnight, or right after a missing one."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _begins(today: date) -> dict[str, date]:
    """The first day of each period but the earliest; one that would have no day is left out."""
    begins = {"today": today}
    for name, first in (
        ("week", today - timedelta(days=today.weekday())),
        ("month", today.replace(day=1)),
    ):
        if first < min(begins.values()):
            begins[name] = first
    return begins


def _period(name: str, slices: Sequence[Slice]) -> Period:
    return Period(
        name, slices[-1].after, slices[0].last, sum((one.sums for one in slices), NOTHING)
    )
