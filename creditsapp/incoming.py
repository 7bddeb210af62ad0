"""Requests as they come in: bytes that are no text, and bodies that are too long, are refused."""

from contextlib import suppress
from typing import IO
from urllib.parse import unquote_to_bytes

from flask import Flask, Request, Response, abort, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.utils import cached_property
from werkzeug.wsgi import LimitedStream, get_content_length

from creditsapp.form_data import CHUNK, StrictForm, is_text

PATIENCE = 32 * 1024 * 1024  # bytes


def init_app(app: Flask) -> None:
    """Read every request of an app strictly."""
    app.request_class = StrictRequest
    app.before_request(_refuse_what_is_no_text)
    app.after_request(_hear_out)


def _refuse_what_is_no_text() -> None:
    """Path and headers are bytes in the clothes of Latin-1 (PEP 3333); nothing has a NUL in it."""
    if "\0" in request.path:
        abort(404)
    for name, read in _READ.items():
        if not is_text(read(request.environ.get(name, "").encode("latin-1"))):
            abort(400)


_READ = {"PATH_INFO": bytes, "QUERY_STRING": unquote_to_bytes, "HTTP_COOKIE": bytes}


def _hear_out(response: Response) -> Response:
    """Read away what nobody wanted: a server closes on who still sends, and the answer is lost.

    What is announced as far too long is not waited for, nor what has stopped coming once.
    """
    ends, body = request.environ.get("wsgi.input_terminated"), request.environ["wsgi.input"]
    stopped = getattr(body, "failed", False)  # as gunicorn says it
    if ends and not stopped and (request.content_length or 0) <= PATIENCE:
        left = PATIENCE
        with suppress(OSError):
            while left > 0 and (piece := body.read(CHUNK)):
                left -= len(piece)
    return response


class StrictRequest(Request):
    """A request whose body is read as it was sent, or not at all."""

    form_data_parser_class = StrictForm

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, as far as the server says where it ends."""
        announced, most = get_content_length(self.environ), self.max_content_length
        ends = bool(self.environ.get("wsgi.input_terminated"))
        if most is None or (announced is None and not ends):
            return super().stream
        if announced is not None and announced > most:
            raise RequestEntityTooLarge()
        if not ends:
            most = announced or 0
        return Body(self.environ["wsgi.input"], most, announced, ends=ends)


class Body(LimitedStream):
    """A request's body; what is longer than allowed or shorter than announced is refused.

    Werkzeug cuts the one silently where it is read at once, and takes the other for complete.
    """

    def __init__(self, stream: IO[bytes], limit: int, announced: int | None, *, ends: bool) -> None:
        super().__init__(stream, limit, is_max=True)
        self._announced, self._ends = announced, ends

    def readall(self) -> bytes:
        """All of it."""
        found = super().readall()
        if found and self.is_exhausted:
            self.on_exhausted()
        return found

    def on_exhausted(self) -> None:
        """Called at the limit, which the last byte may just have reached."""
        if self._ends and self._stream.read(1):
            raise RequestEntityTooLarge()

    def on_disconnect(self, error: Exception | None = None) -> None:
        """Called where nothing more comes."""
        if error is not None or self._pos < (self._announced or 0):
            raise ClientDisconnected()
