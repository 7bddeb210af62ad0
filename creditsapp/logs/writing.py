"""How records are written: as JSON, one object a line, or as lines for people.

Nothing that was sent here begins a line of its own or drives a terminal. What may be a secret is
cut out before (`creditsapp.reticence`).
"""

import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Any, Literal

import simplejson
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, WrappedLogger

from creditsapp import reticence

LogFormat = Literal["console", "json"]
_FIRST = ("time", "level", "logger", "event")
_encode = simplejson.JSONEncoder(use_decimal=True, ignore_nan=True, default=str).encode


class _Handler(logging.StreamHandler[Any]):
    """The one that `install` puts on the root logger."""


def install(log_format: LogFormat) -> None:
    """Let all that this process logs be written to standard error, in one form."""
    reticence.install()
    structlog.configure(
        cache_logger_on_first_use=True,
        processors=[structlog.processors.format_exc_info, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    root = logging.getLogger()
    for handler in [found for found in root.handlers if isinstance(found, _Handler)]:
        root.removeHandler(handler)
    handler = _Handler(sys.__stderr__)
    handler.setFormatter(formatter(log_format))
    root.addHandler(handler)


def take_what_python_prints() -> None:
    """Log warnings, and what ends a thread, which Python would print in a form of its own."""
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "?"
        logging.getLogger(__name__).error("thread %s failed", name, exc_info=ended.exc_value)


def formatter(log_format: LogFormat) -> ProcessorFormatter:
    """The formatter of every handler."""
    return ProcessorFormatter(
        processors=[
            structlog.contextvars.merge_contextvars,
            _describe,
            _json if log_format == "json" else _line,
        ],
        keep_exc_info=True,  # the text of it stands in the record, with its secrets cut out
    )


def _describe(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Who logs it, when and how bad it is."""
    record: logging.LogRecord = event.pop("_record")
    del event["_from_structlog"]
    event.pop("exc_info", None)
    if record.exc_text:
        event["exception"] = record.exc_text
    record.exc_info = record.exc_text = None
    at = datetime.fromtimestamp(record.created, UTC)
    described: EventDict = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event.pop("event", ""),
        "pid": record.process,
    }
    return described | event


def _json(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    return _encode(event)


def _line(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    """`time LEVEL logger: event name=value …`, and below it, indented, where it failed."""
    trace = event.pop("exception", "")
    del event["pid"]
    at, level, logger, words = (event.pop(name) for name in _FIRST)
    fields = "".join(f" {name}={_value(value)}" for name, value in event.items())
    below = "".join(f"\n    {_printable(row)}" for row in trace.splitlines())
    return f"{at} {level.upper():<7} {logger}: {_printable(str(words))}{fields}{below}"


def _value(value: object) -> str:
    words = str(value)
    plain = words.isprintable() and words and not set(words) & set(' "=')
    return words if plain else _encode(words)


def _printable(words: str) -> str:
    if words.isprintable():
        return words
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in words)
