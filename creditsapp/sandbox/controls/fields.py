"""The fields of a control, which come as JSON or as a form and are read as texts."""

import json
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing
from creditsapp.sandbox.errors import invalid, wants_json

# Where the page tells what is switched on.
ON_NOW = "on-now"


def fields() -> dict[str, str]:
    """What was sent; fields that are null or empty are left out."""
    given = parsing.body() if request.is_json or not request.form else request.form.to_dict()
    texts = {name: _text(value) for name, value in given.items() if value is not None}
    return {name: text for name, text in texts.items() if text}


def choice(given: dict[str, str], name: str, known: Collection[str], default: str) -> str:
    """One of some words."""
    value = given.get(name, default)
    if value not in known:
        raise invalid(f"{name} must be one of {', '.join(word for word in known if word)}.")
    return value


def number(given: dict[str, str], name: str, minimum: int, maximum: int) -> int | None:
    """An optional whole number."""
    text = given.get(name)
    if text is None:
        return None
    whole = text.removeprefix("-")
    if not (whole.isascii() and whole.isdecimal() and len(whole) <= 10):
        raise invalid(f"{name} must be a whole number.")
    if not minimum <= int(text) <= maximum:
        raise invalid(f"{name} must be from {minimum} to {maximum}.")
    return int(text)


def seconds(given: dict[str, str], default: float, maximum: int) -> float:
    """A length of time, in `seconds`."""
    try:
        value = Decimal(given.get("seconds", default))
    except InvalidOperation:
        raise invalid("seconds must be a number.") from None
    if not value.is_finite() or not 0 <= value <= maximum:
        raise invalid(f"seconds must be from 0 to {maximum}.")
    return float(value)


def switch(given: dict[str, str], name: str) -> bool:
    """A yes or no: a JSON true or false, or a form's ticked box."""
    return parsing.is_yes(given.get(name, ""))


def done(answer: dict[str, Any], anchor: str) -> ResponseReturnValue:
    """The result as JSON, or back to its place on the page."""
    if wants_json():
        return answer
    return redirect(url_for("controls.index", _anchor=anchor or None), 303)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else json.dumps(value)
