"""Reading JSON from outside: what two readers could understand differently is refused."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import simplejson


def parse_json(body: bytes) -> Any:
    """Parse strict JSON: UTF-8, no NaN, no key twice, no lone surrogates; raise ValueError."""
    try:
        text = body.decode("utf-8")
        found = json.loads(
            text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unique
        )
        simplejson.dumps(found, ensure_ascii=False).encode("utf-8")
    except (RecursionError, UnicodeError, ArithmeticError) as error:
        raise ValueError(str(error)) from None
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is there twice")
        found[name] = value
    return found
