"""The ledger as CSV, in flat memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import stream_with_context

from creditsapp.services import history
from creditsapp.services.wanted import Wanted, span

COLUMNS = ("number", "time", "type", "operation", "description", "amount", "balance_after")
PAGE = 1000


def csv_lines(user_id: int, wanted: Wanted) -> Iterator[str]:
    """A user's entries that are wanted, oldest first, a page of text at a time."""
    return stream_with_context(_pages(user_id, wanted))


def _pages(user_id: int, wanted: Wanted) -> Iterator[str]:
    yield _text([COLUMNS])
    after, last = span(user_id, wanted)
    while entries := history.oldest(user_id, after=after, last=last, wanted=wanted, limit=PAGE):
        yield _text(
            (
                entry.number,
                entry.created_at.isoformat(timespec="seconds"),
                entry.type,
                defused(entry.operation or ""),
                defused(entry.description),
                f"{entry.amount:f}",
                f"{entry.balance_after:f}",
            )
            for entry in entries
        )
        after = entries[-1].number


def _text(rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula, not even after spaces (OWASP)."""
    formula = text.lstrip().startswith(_FORMULA) or text.startswith(("\t", "\r", "\n"))
    return "'" + text if formula else text


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # the wide ones count in East Asia
