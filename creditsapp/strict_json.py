"""Reading JSON from outside: what two readers could understand differently is refused."""

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import simplejson

MAX_DEPTH = 64  # arrays and objects inside each other; RFC 8259 §9 lets a reader choose
MAX_DIGITS = 400  # of a whole number, or of an exponent's magnitude: a double ends at 308


def parse_json(body: bytes, *, decimal: Callable[[Decimal], Any] = Decimal) -> Any:
    """Parse strict JSON, numbers exactly (those with a point or an exponent by `decimal`).

    UTF-8 without a mark, no NaN, no key twice, no lone surrogates, nothing beyond MAX_DEPTH and
    MAX_DIGITS; raise ValueError.
    """
    try:
        found = json.loads(
            body.decode("utf-8"),
            parse_int=_whole,
            parse_float=lambda digits: decimal(_bounded(digits)),
            parse_constant=_refuse,
            object_pairs_hook=_unique,
        )
        _check_depth(found)
        if b"\\u" in body:  # a lone surrogate comes by no other way
            simplejson.dumps(found, ensure_ascii=False).encode("utf-8")
    except (RecursionError, UnicodeError, ArithmeticError) as error:
        raise ValueError(str(error)) from None
    return found


def finite(number: Decimal) -> float:
    """A number as a float, for those who keep floats; raise ValueError where it is too large."""
    if (found := float(number)) in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number is too long")
    return int(digits)


def _bounded(digits: str) -> Decimal:
    if len(digits) > 2 * MAX_DIGITS or abs((number := Decimal(digits)).adjusted()) > MAX_DIGITS:
        raise ValueError("a number is too long")
    return number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is there twice")
        found[name] = value
    return found


def _check_depth(found: Any) -> None:
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, list | dict)
            for inner in (outer if isinstance(outer, list) else outer.values())
        ]
    if any(isinstance(each, list | dict) for each in level):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH}")
