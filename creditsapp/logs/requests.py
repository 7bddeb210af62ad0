"""One line for each request, and a number by which all that was logged for it is found."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.wsgi import ClosingIterator

from creditsapp.logs import notes
from creditsapp.metrics import counting
from creditsapp.settings import Settings

HEADER = "X-Request-ID"
QUIET = ("static", "health.alive", "health.ready")  # somebody asks for them all the time
LONGEST_PATH = 300
_USABLE = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")
log = structlog.get_logger(__name__)

Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]


def init_app(app: Flask) -> None:
    """Number, log and count every request; what wraps the app later is not in it."""
    settings: Settings = app.extensions["creditsapp"].settings
    serve, behind_proxy = app.wsgi_app, settings.proxy_hops > 0
    logging.getLogger(__name__).setLevel(logging.INFO)

    @app.after_request
    def note_route(response: Response) -> Response:
        rule = request.url_rule
        notes.note(endpoint=request.endpoint, route=rule.rule if rule else None)
        if rule and "token" in rule.arguments:  # which whoever reads it could use
            notes.note(path=rule.rule)
        return response

    def numbered(environ: Environ, start_response: Start) -> Iterable[bytes]:
        return _serve(serve, environ, start_response, _number(environ, behind_proxy))

    app.wsgi_app = numbered  # type: ignore[method-assign]  # as Flask documents it


def _number(environ: Environ, behind_proxy: bool) -> str:
    """The number that a proxy of ours has given, or a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if behind_proxy else ""
    return given if _USABLE.fullmatch(given) else os.urandom(8).hex()


def _serve(serve: Wsgi, environ: Environ, start_response: Start, number: str) -> Iterable[bytes]:
    began, status = time.perf_counter(), 500
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    noted = notes.begin(number)

    def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        nonlocal status
        status = int(line[:3])
        return start_response(line, [*headers, (HEADER, number)], exc_info)

    def finish() -> None:
        _tell(method, path, status, time.perf_counter() - began, noted)
        notes.end()

    try:
        return ClosingIterator(serve(environ, start), [finish])
    except BaseException:
        finish()
        raise


def _tell(method: str, path: str, status: int, seconds: float, noted: dict[str, Any]) -> None:
    endpoint, path = noted.pop("endpoint", None), noted.pop("path", path)
    counting.answered(method, endpoint, status, seconds, noted)
    if endpoint not in QUIET:
        log.log(
            logging.ERROR if status >= 500 else logging.INFO,
            "request",
            method=method,
            path=path.encode("latin-1").decode("utf-8", "replace")[:LONGEST_PATH],
            status=status,
            duration_ms=round(seconds * 1000, 1),
            **noted,
        )
