"""Reads Dodo's answers: JSON objects as they came, and the few values that have to be right."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from creditsapp.dodo.caller import clock_of
from creditsapp.dodo.errors import DodoFailed
from creditsapp.strict_json import parse_json


@dataclass(frozen=True)
class Answer:
    """An object as Dodo sent it, unvalidated, and when it did, by its own clock."""

    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class Page:
    """A page of a list as Dodo sent it, unvalidated, and when it did, by its own clock."""

    rows: list[dict[str, Any]]
    at: datetime


def read_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer."""
    try:
        found = parse_json(response.content)
    except ValueError:
        raise DodoFailed("it answered with something that is not JSON") from None
    if not isinstance(found, dict):
        raise DodoFailed("it answered with JSON that is not an object")
    return found


def read_answer(response: httpx.Response) -> Answer:
    """The JSON object of an answer, and its time."""
    return Answer(read_object(response), clock_of(response))


def read_page(response: httpx.Response) -> Page:
    """A page of a list that is numbered."""
    return Page(objects(read_object(response), "items"), clock_of(response))


def objects(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A field that is a list of objects."""
    rows = data.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DodoFailed(f"it answered without a list of {name}")
    return rows


def text(data: dict[str, Any], name: str, longest: int = 255) -> str:
    """A field that is a text, if it can be kept."""
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise DodoFailed(f"it answered without a usable {name}")
    return value


def pdf(response: httpx.Response) -> bytes:
    """The document that an answer is."""
    if not response.content.startswith(b"%PDF"):
        raise DodoFailed("it answered with something that is not a PDF")
    return response.content
