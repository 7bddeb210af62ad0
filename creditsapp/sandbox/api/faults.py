"""Faults of the API: they replace the answer, or spoil it after the work is done."""

import errno
import socket
import time
from collections.abc import Iterator
from typing import Any

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import faults
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.store import Document

BAD_CHECKOUT_URL = "https://checkout.example.net/session/cks_elsewhere"


@bp.before_request
def answer_wrongly() -> ResponseReturnValue | None:
    """Answer in place of the route, which then does nothing."""
    g.fault = fault = faults.take(current().store, request.method, request.path)
    replace = _REPLACING.get(fault["fault"]) if fault else None
    return replace(fault) if replace else None


@bp.after_request
def spoil_answer(response: Response) -> Response:
    """Change what the route answered."""
    fault = g.get("fault")
    spoil = _SPOILING.get(fault["fault"]) if fault else None
    return spoil(response, fault) if spoil else response


def _rate_limit(fault: Document) -> Response:
    response = jsonify(code="TOO_MANY_REQUESTS", message="Rate limit exceeded.")
    response.status_code = 429
    response.headers["Retry-After"] = f"{fault['seconds']:.0f}"
    response.headers["X-RateLimit-Limit"] = "40"
    response.headers["X-RateLimit-Remaining"] = "0"
    response.headers["X-RateLimit-Reset"] = f"{time.time() + fault['seconds']:.0f}"
    return response


def _error(fault: Document) -> Response:
    response = jsonify(code="INTERNAL_SERVER_ERROR", message="Something went wrong.")
    response.status_code = fault["status"] or 500
    return response


def _html(fault: Document) -> Response:
    page = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
    return Response(page, fault["status"] or 200, mimetype="text/html")


def _disconnect(fault: Document) -> Response:
    return Response(_broken_off(b""))


def _slow(response: Response, fault: Document) -> Response:
    time.sleep(fault["seconds"])
    return response


def _truncated(response: Response, fault: Document) -> Response:
    whole = response.get_data()
    response.content_length = len(whole)
    response.response = _broken_off(whole[: len(whole) // 2])
    return response


def _lose_answer(response: Response, fault: Document) -> Response:
    return Response(_broken_off(b""))


def _wrong_types(response: Response, fault: Document) -> Response:
    if response.is_json:
        response.data = jsonify(_of_another_type(response.json)).data
    return response


def _bad_checkout_url(response: Response, fault: Document) -> Response:
    if response.is_json and "checkout_url" in response.json:
        address = fault["url"] or BAD_CHECKOUT_URL
        response.data = jsonify({**response.json, "checkout_url": address}).data
    return response


_REPLACING = {
    "rate_limit": _rate_limit,
    "error": _error,
    "html": _html,
    "disconnect": _disconnect,
}
_SPOILING = {
    "slow": _slow,
    "truncated": _truncated,
    "lose_answer": _lose_answer,
    "wrong_types": _wrong_types,
    "bad_checkout_url": _bad_checkout_url,
}


def _broken_off(start: bytes) -> Iterator[bytes]:
    """Some bytes and then the end of the connection, before any header when there are none."""
    return _then_reset(start, request.environ.get("werkzeug.socket"))


def _then_reset(start: bytes, connection: socket.socket | None) -> Iterator[bytes]:
    if start:
        yield start
    # Where no header was sent, Werkzeug's server would wait for the next request.
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    # Both Werkzeug and gunicorn's threads take this silently, as if the client had gone.
    raise ConnectionResetError(errno.ECONNRESET, "a fault of the sandbox")


def _of_another_type(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _of_another_type(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return {str(position): _of_another_type(inner) for position, inner in enumerate(value)}
    return len(value) if isinstance(value, str) else str(value)
