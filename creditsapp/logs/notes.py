"""What is noted of the request under way, for its line and its counts."""

from contextvars import ContextVar
from typing import Any

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

_notes: ContextVar[dict[str, Any] | None] = ContextVar("notes", default=None)


def begin(request_id: str) -> dict[str, Any]:
    """Begin the notes of a request; every record of this thread has its number until `end`."""
    clear_contextvars()
    bind_contextvars(request_id=request_id)
    notes: dict[str, Any] = {}
    _notes.set(notes)
    return notes


def end() -> None:
    """The request is over: what this thread logs from now on is no part of it."""
    _notes.set(None)
    clear_contextvars()


def note(**fields: Any) -> None:
    """Add to the line of the request under way, if there is one."""
    notes = _notes.get()
    if notes is not None:
        notes.update(fields)


def note_user(user_id: int) -> None:
    """Let every record from now on have the user's number."""
    bind_contextvars(user_id=user_id)


def request_id() -> str:
    """The number of the request under way; empty outside of one."""
    number: str = get_contextvars().get("request_id", "")
    return number
