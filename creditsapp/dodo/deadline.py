"""A limit for a whole answer: httpx's own starts anew with every piece of it that comes in."""

import time
from collections.abc import Iterator

import httpx


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the answer trickles in")
            yield piece

    def close(self) -> None:
        self._stream.close()


def bound(response: httpx.Response) -> None:
    """Let the body of an answer take no longer than the request's read timeout, over all."""
    seconds = response.request.extensions["timeout"]["read"]
    if isinstance(response.stream, httpx.SyncByteStream) and seconds is not None:
        response.stream = _Bounded(response.stream, time.monotonic() + seconds)
