"""Which entries of a ledger somebody asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from creditsapp.models import LedgerEntry
from creditsapp.models.wallet import NO_USAGE
from creditsapp.services.marks import Mark, newest_and_before


@dataclass(frozen=True)
class Wanted:
    """What entries have to be, all of it; `since` and `until` are moments, and `until` is outside.

    Where a moment falls is looked up once: numbers decide and not times, so that a clock that is
    set back at midnight tears no day.
    """

    type: str | None = None
    operation: str | None = None
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def moments(self) -> list[datetime]:
        """The moments that have to be looked up."""
        return [moment for moment in (self.since, self.until) if moment]

    def span(self, newest: Mark, marks: dict[datetime, Mark]) -> tuple[Mark, Mark]:
        """The marks after which, and up to which, entries are of the wanted time."""
        after = marks[self.since] if self.since else Mark()
        last = marks[self.until] if self.until else newest
        return after, max(after, last)

    def conditions(self) -> list[Any]:
        """What the time has nothing to do with, as SQL."""
        conditions: list[Any] = []
        if self.type:
            conditions.append(LedgerEntry.type == self.type)
            if self.type != "usage":
                conditions.append(text(NO_USAGE))
        if self.operation:
            conditions.append(LedgerEntry.operation == self.operation)
        if self.words:
            conditions.append(LedgerEntry.description.icontains(self.words, autoescape=True))
            # What the system wrote is shown in other words, in the reader's language.
            conditions.append(LedgerEntry.type.not_in(("initial", "purchase")))
            conditions.append(
                LedgerEntry.payment_id.is_(None) | LedgerEntry.type.not_in(("refund", "dispute"))
            )
        return conditions


ALL = Wanted()


def span(user_id: int, wanted: Wanted) -> tuple[int, int]:
    """The numbers after which, and up to which, entries are of the wanted time."""
    after, last = wanted.span(*newest_and_before(user_id, wanted.moments))
    return after.number, last.number
