"""Times as Dodo writes them: ISO 8601 in UTC, with microseconds and a Z."""

import time
from datetime import UTC, datetime


def iso(at: float | None = None) -> str:
    """A Unix time, or now, as text that sorts like the time itself."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_from_text(text: str) -> str:
    """Any ISO 8601 time, taken as UTC without a zone, in this module's form; or ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return iso(moment.timestamp())


def clock_time(text: str | None) -> str:
    """A time of this module for people: `2026-03-01 12:30:05 UTC`."""
    return f"{text[:10]} {text[11:19]} UTC" if text else "never"
