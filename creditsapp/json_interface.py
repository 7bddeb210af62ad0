"""What the JSON routes share: strict reading, exact numbers, and who is asked first."""

import json
from typing import Any

import simplejson
from flask import Blueprint, Flask, abort, request
from flask.json.provider import JSONProvider
from flask_login import current_user
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms.validators import ValidationError

from creditsapp import limits
from creditsapp.errors import JsonError
from creditsapp.strict_json import parse_json
from creditsapp.translation import gettext as _

MAX_BYTES = 2 * 1024 * 1024


class ExactJSON(JSONProvider):
    """JSON with decimal numbers written as they are, whole where they are whole."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return simplejson.dumps(obj, use_decimal=True, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return json.loads(s, **kwargs)


def init_app(app: Flask) -> None:
    """Write the app's JSON exactly."""
    app.json = ExactJSON(app)


def guard(blueprint: Blueprint) -> None:
    """Let only signed-in users in: 401 before anything else, then the CSRF token."""

    @blueprint.before_request
    def check() -> None:
        if not current_user.is_authenticated:
            raise JsonError(401, "unauthorized", _("Please sign in."))
        if request.method in ("GET", "HEAD"):
            limits.read()
        elif request.method != "OPTIONS":
            _check_token(request.headers.get("X-CSRFToken"))


def _check_token(token: str | None) -> None:
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise CSRFError(str(error)) from None


def read_object() -> dict[str, Any]:
    """The request's JSON object; 400 `invalid_json` for anything else.

    Without a Content-Type it is taken for JSON; 415 for another type, charset or encoding.
    """
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype not in ("", "application/json") or charset != "utf-8":
        abort(415)
    if request.content_encoding not in (None, "", "identity"):
        abort(415)
    request.max_content_length = MAX_BYTES
    try:
        found = parse_json(request.get_data())
    except ValueError:
        raise JsonError(400, "invalid_json", "The body is not the JSON that we can read.") from None
    if not isinstance(found, dict):
        raise JsonError(400, "invalid_json", "The body is not a JSON object.")
    return found


def whole_number(name: str, lowest: int, highest: int, default: int | None) -> int | None:
    """A query parameter; 400 `invalid_input` unless it is a whole number in the range."""
    raw = request.args.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 18 and lowest <= int(raw) <= highest):
        raise JsonError(
            400,
            "invalid_input",
            f"{name} is a whole number from {lowest} to {highest}.",
            fields={name: f"a whole number from {lowest} to {highest}"},
        )
    return int(raw)
