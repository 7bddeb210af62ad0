"""Logs tell no secrets: what may be one is cut out of every line of this process, whoever logs it.

That is addresses, tokens, hashes and keys, and the rows that PostgreSQL quotes in its refusals.
"""

import logging
import re
from decimal import Decimal
from typing import Any

_AFTER_A_ROW = r"HINT|CONTEXT|STATEMENT|QUERY|LOCATION|Traceback|\[|\n"
_SECRETS = (
    (re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}"), "<address>"),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{40,}={0,2}"), "<token>"),
    (re.compile(r"\$argon2\S+"), "<hash>"),
    (re.compile(r"(whsec_|[Bb]earer )[\w+/=.-]+"), r"\1<key>"),
    (re.compile(rf"^DETAIL: .*?(?=\n(?:{_AFTER_A_ROW})|\Z)", re.M | re.S), "DETAIL: <a row>"),
)
# Most lines have none of it, and are not looked through five times.
_SUSPICIOUS = re.compile(r"@|%40|[\w-]{40}|\$argon2|whsec_|[Bb]earer |DETAIL: ")
_TALKATIVE = ("dodopayments", "httpcore")  # print at DEBUG what they send and get
_plain_record = logging.LogRecord
_formatter = logging.Formatter()


def install() -> None:
    """Let every log record of this process be made without secrets."""
    logging.setLogRecordFactory(_record)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _plain_record(*args, **kwargs)
    if isinstance(record.msg, dict):  # an event of structlog
        record.msg = {name: _cut(value) for name, value in record.msg.items()}
    else:
        record.msg, record.args = without_secrets(_words(record)), ()
    if record.exc_info and record.exc_info[0] is not None:  # formatters take the text that stands
        record.exc_text = without_secrets(_formatter.formatException(record.exc_info))
    return record


def _words(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # no line of a log may break what it tells of
        return f"{record.msg!r} (with arguments that do not fit)"


def _cut(value: object) -> object:
    return value if isinstance(value, int | float | Decimal | None) else without_secrets(str(value))


def without_secrets(words: str) -> str:
    """A text with what may be a secret cut out."""
    if _SUSPICIOUS.search(words):
        for pattern, instead in _SECRETS:
            words = pattern.sub(instead, words)
    return words
