"""Errors for people: pages for the browser, `{"error", "message"}` for the JSON interface."""

import logging
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.globals import request_ctx
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException, SecurityError

from creditsapp import error_words
from creditsapp.extensions import db
from creditsapp.logs.notes import note, request_id
from creditsapp.services.errors import ServiceError, TryAgainLater
from creditsapp.services.keys import InvalidKey
from creditsapp.translation import gettext as _

log = logging.getLogger(__name__)

GUARDED = ("/api/credits", "/api/operations")
_AFTER_401 = (400, 404, 405, 413, 415)
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}
_WORDS = {
    400: lazy_gettext("The request is not one that we can read. Nothing was changed."),
    404: lazy_gettext("There is nothing at this address."),
    405: lazy_gettext("This address does not take that kind of request. Nothing was changed."),
    413: lazy_gettext("That is more than we take at once. Nothing was charged."),
    415: lazy_gettext("We do not take this kind of content. Nothing was charged."),
    429: lazy_gettext("That was too often in a short time. Nothing was done."),
}
EXPIRED = lazy_gettext("This form had expired. Nothing was done; please send it again.")
# What is said of these is for programs; people have heading and step.
_FOR_PROGRAMS = (
    "bad_request",
    "forbidden",
    "insufficient_credits",
    "internal_error",
    "method_not_allowed",
    "payload_too_large",
    "too_many_requests",
    "unauthorized",
    "unavailable",
    "unsupported_media_type",
)


class JsonError(Exception):
    """A refusal by a JSON route."""

    def __init__(self, status: int, code: str, message: str, **fields: Any) -> None:
        self.status, self.code, self.message, self.fields = status, code, message, fields
        super().__init__(message)


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.jinja_env.globals["expired_form"] = EXPIRED
    app.register_error_handler(JsonError, _json_error)
    app.register_error_handler(ServiceError, _service_error)
    app.register_error_handler(InvalidKey, _invalid_key)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolExhausted, _database_error)
    app.register_error_handler(Exception, _unexpected)


def answer(
    status: int, code: str, message: str, *, retry_after: int | None = None, **fields: Any
) -> Response:
    """An error in the form that the request expects; `retry_after` is in seconds."""
    note(error=code)
    if retry_after is None and status == 503:
        retry_after = ServiceError.retry_after
    if request.path.startswith("/api/"):
        response = jsonify({"error": code, "message": message} | fields)
    elif _no_address():
        response = make_response(message, {"Content-Type": "text/plain; charset=utf-8"})
    else:
        response = make_response(_page(status, code, message, retry_after, fields))
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _no_address() -> bool:
    """Whether the Host header is broken or not ours, so that no link can be written."""
    return request_ctx.url_adapter is None or not request.host


def _page(
    status: int, code: str, message: str, retry_after: int | None, fields: dict[str, Any]
) -> str:
    known = fields | {
        "status": status,
        "heading": error_words.heading(status, code),
        "lead": "" if code in _FOR_PROGRAMS else message,
        "charged": error_words.charged(status, code),
        "next_step": error_words.next_step(status, code, retry_after),
    }
    if code not in ("try_again", "outcome_unknown"):  # the database would not answer now
        try:
            return render_template("errors/error.html", bare=False, **known)
        except Exception:
            if status < 500:
                log.exception("the page of an error %s failed", status)
            db.session.rollback()
    return render_template("errors/error.html", bare=True, **known)


def _json_error(error: JsonError) -> Response:
    return answer(error.status, error.code, error.message, **error.fields)


def _service_error(error: ServiceError) -> Response:
    seconds = error.retry_after if error.status in (429, 503) else None
    return answer(error.status, error.code, str(error), retry_after=seconds, **error.fields())


def _invalid_key(error: InvalidKey) -> Response:
    return answer(400, "invalid_input", f"Idempotency-Key: {error}.")


def _csrf_error(error: CSRFError) -> Response:
    return answer(400, "csrf_failed", str(EXPIRED))


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    if error.code in _AFTER_401 and _is_nobody():
        return answer(401, "unauthorized", _("Please sign in."))
    code = _CODES.get(error.code, "bad_request")
    words = str(_WORDS.get(error.code) or error.description or error.name)
    if isinstance(error, SecurityError):
        words = _("This site does not go by the name that you asked for. Nothing was changed.")
    response = answer(error.code, code, words, retry_after=_seconds(error))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _is_nobody() -> bool:
    """Whether somebody unknown calls what is for users alone: they hear that before all else."""
    return request.path.startswith(GUARDED) and not current_user.is_authenticated


def _seconds(error: HTTPException) -> int | None:
    """When an HTTP error says that it will be over, as seconds from now."""
    wait = getattr(error, "retry_after", None)
    if isinstance(wait, datetime):
        wait = (wait.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return None if wait is None else max(1, round(wait))


def _database_error(error: Exception) -> Response:
    """A database that is away is no bug; anything else that it refuses is one."""
    if not isinstance(error, OperationalError | PoolExhausted):
        return _unexpected(error)
    log.error("the database does not answer: %s", type(error).__name__)
    db.session.remove()
    if request.method in ("GET", "HEAD"):
        words = _("The database does not answer just now. Please try again.")
    else:
        words = _(
            "The database does not answer just now. Please look at your ledger before you try"
            " again: it shows what was charged."
        )
    return _service_error(TryAgainLater(words))


def _unexpected(error: Exception) -> Response:
    log.exception("request %s failed", request_id())
    db.session.remove()
    return answer(
        500,
        "internal_error",
        _("Something went wrong on our side. If anything was charged, your ledger shows it."),
        requestId=request_id(),
    )
