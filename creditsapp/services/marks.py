"""Where moments fall in a ledger, found by an index, however long the ledger is."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.models.types import from_units


class Mark(NamedTuple):
    """An entry's number, and the balance after it; 0 is before the first."""

    number: int = 0
    balance: Decimal = Decimal(0)


def newest_and_before(
    user_id: int, moments: Collection[datetime]
) -> tuple[Mark, dict[datetime, Mark]]:
    """The newest entry, and the last one before each moment.

    The later a moment, the later its mark, even where a clock was set back.
    """
    driver, ordered = Driver.of(db.session()), sorted(set(moments))
    values = {f"moment{place}": driver.moment(moment) for place, moment in enumerate(ordered)}
    rows = driver.rows(_statement(len(ordered)), values | {"user_id": user_id})
    found = {place: Mark(number, from_units(balance)) for place, number, balance in rows}
    newest, last, marks = found.get(None, Mark()), Mark(), {}
    for place, moment in enumerate(ordered):
        last = marks[moment] = max(last, found.get(place, last))
    return newest, marks


def _statement(moments: int) -> str:
    if not moments:
        return _NEWEST
    places = ", ".join(f"({place}, :moment{place})" for place in range(moments))
    return _BEFORE.format(places=places) + _NEWEST


_NEWEST = "SELECT NULL, version, balance FROM wallets WHERE user_id = :user_id"
_BEFORE = """
WITH moments (place, moment) AS (VALUES {places})
SELECT place, entries.number, entries.balance_after
FROM moments JOIN ledger_entries AS entries
ON entries.user_id = :user_id AND entries.number = (
    SELECT number FROM ledger_entries
    WHERE user_id = :user_id AND created_at < moments.moment
    ORDER BY created_at DESC, number DESC LIMIT 1
)
UNION ALL
"""
