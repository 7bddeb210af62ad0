"""The ledger as CSV, in flat memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import stream_with_context

from creditsapp.services import history

COLUMNS = ("number", "time", "type", "operation", "description", "amount", "balance_after")
PAGE = 1000


def csv_lines(user_id: int) -> Iterator[str]:
    """All entries of a user, oldest first, a page of text at a time."""
    return stream_with_context(_pages(user_id))


def _pages(user_id: int) -> Iterator[str]:
    yield _text([COLUMNS])
    after = 0
    while entries := history.oldest(user_id, after=after, limit=PAGE):
        yield _text(
            (
                entry.number,
                entry.created_at.isoformat(timespec="seconds"),
                entry.type,
                entry.operation or "",
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
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
