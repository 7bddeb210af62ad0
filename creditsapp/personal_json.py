"""What is kept about a person as one JSON object, written row by row in flat memory."""

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from flask import current_app

from creditsapp.formatting import iso
from creditsapp.models.types import exact
from creditsapp.services.personal_data import rows_about
from creditsapp.services.transaction import now
from creditsapp.strict_json import parse_json


def personal_json(user_id: int, *, to_operators: bool) -> Iterator[str]:
    """The parts of such an object: a list of rows for each table that has any."""
    yield f'{{"exportedAt": {json.dumps(iso(now()))}'
    found = rows_about(user_id, to_operators=to_operators)
    for name, rows in itertools.groupby(found, itemgetter(0)):
        yield f",\n{json.dumps(name)}: ["
        for number, (_name, row) in enumerate(rows):
            yield (",\n" if number else "\n") + current_app.json.dumps(_readable(row))
        yield "]"
    yield "}\n"


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    return dict(_field(name, value) for name, value in row.items())


def _field(name: str, value: Any) -> tuple[str, Any]:
    """A column's name and value for machines; bytes are JSON, where they are that, or base64."""
    first, *rest = name.split("_")
    name = first + "".join(map(str.capitalize, rest))
    if isinstance(value, datetime):
        return name, iso(value)
    if isinstance(value, Decimal):
        return name, exact(value)
    if not isinstance(value, bytes):
        return name, value
    try:
        return name, parse_json(value)
    except ValueError:
        return f"{name}Base64", base64.b64encode(value).decode()
