"""Reads requests strictly; whatever is wrong with one becomes a 422."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import request

from creditsapp.sandbox.errors import ApiError, invalid
from creditsapp.sandbox.times import iso_from_text
from creditsapp.strict_json import finite, parse_json

INT32_MAX = 2**31 - 1

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_METADATA_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
_INTEGER = re.compile(r"[0-9]{1,10}", re.ASCII)


def body() -> dict[str, Any]:
    """The JSON object in the request's body; an empty body is an empty object."""
    raw = request.get_data()
    try:
        data = parse_json(raw or b"{}", decimal=finite)
    except ValueError:
        raise invalid("The body is not valid JSON.") from None
    if not isinstance(data, dict):
        raise invalid("The body must be a JSON object.")
    return data


def json_in(field: str, given: str) -> Any:
    """The JSON in a field of a form."""
    try:
        return parse_json(given.encode(), decimal=finite)
    except ValueError:
        raise invalid(f"{field} is not valid JSON.") from None


def text(data: dict[str, Any], name: str, *, limit: int = 1000) -> str | None:
    """An optional text; an absent one is None."""
    value = data.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > limit):
        raise invalid(f"{name} must be a text of at most {limit} characters.")
    return value


def required_text(data: dict[str, Any], name: str) -> str:
    """A text that has to be there."""
    value = text(data, name)
    if not value:
        raise invalid(f"{name} is required.")
    return value


def email(data: dict[str, Any]) -> str:
    """A required e-mail address."""
    value = required_text(data, "email")
    if not is_email(value):
        raise invalid("email is not an e-mail address.")
    return value


def is_email(value: str) -> bool:
    """Whether a text has the form of an e-mail address."""
    return bool(_EMAIL.fullmatch(value))


def integer(data: dict[str, Any], name: str, *, minimum: int) -> int | None:
    """An optional whole number within 32 bits."""
    value = data.get(name)
    if value is None:
        return None
    # True is an int in Python, but not in JSON.
    if type(value) is not int or not minimum <= value <= INT32_MAX:
        raise invalid(f"{name} must be a whole number of at least {minimum}.")
    return value


def flag(data: dict[str, Any], name: str, *, default: bool = False) -> bool:
    """An optional true or false."""
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(f"{name} must be true or false.")
    return value


def is_yes(value: str) -> bool:
    """Whether a text is a form's ticked box, or a true."""
    return value.lower() in ("1", "on", "true", "yes")


def section(data: dict[str, Any], name: str) -> dict[str, Any]:
    """An optional object; an absent one is empty."""
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object.")
    return value


def metadata(data: dict[str, Any]) -> dict[str, Any]:
    """The metadata, within Dodo's limits."""
    pairs = section(data, "metadata")
    if len(pairs) > 50:
        raise invalid("metadata may hold 50 keys.", "MAXIMUM_KEYS_REACHED")
    for key, value in pairs.items():
        if not _METADATA_KEY.fullmatch(key):
            raise invalid("A metadata key is 1 to 40 letters, digits, _ and -.")
        if not isinstance(value, str | int | float) or len(str(value)) > 500:
            raise invalid("A metadata value is a text of at most 500 characters, or a number.")
    return pairs


def web_address(data: dict[str, Any], name: str) -> str | None:
    """An optional http or https address."""
    value = text(data, name, limit=4000)
    if value is not None and origin(value) is None:
        raise invalid(f"{name} must be an http or https address.")
    return value


def origin(address: str) -> str | None:
    """Scheme, host and port of a web address, fit for a CSP header; None when it is none."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port is not None else ""
        host = parts.hostname or ""
    except ValueError:
        return None
    plain = address.isascii() and address.isprintable() and " " not in address
    if not plain or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def list_query() -> dict[str, Any]:
    """The arguments that every list takes, in the form of Transaction.find."""
    return {
        "page_number": _query_integer("page_number", 0, 0, INT32_MAX),
        "page_size": _query_integer("page_size", 10, 1, 100),
        "since": _query_time("created_at_gte"),
        "until": _query_time("created_at_lte"),
    }


def _query_integer(name: str, default: int, minimum: int, maximum: int) -> int:
    value = request.args.get(name, str(default))
    if not _INTEGER.fullmatch(value) or not minimum <= int(value) <= maximum:
        raise _invalid_query(f"{name} must be a whole number from {minimum} to {maximum}.")
    return int(value)


def _query_time(name: str) -> str | None:
    value = request.args.get(name)
    try:
        return iso_from_text(value) if value else None
    except (ValueError, OverflowError):
        raise _invalid_query(f"{name} must be an ISO 8601 time.") from None


def _invalid_query(message: str) -> ApiError:
    return invalid(message, "INVALID_REQUEST_PARAMETERS")
