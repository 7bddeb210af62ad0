"""A limit for a whole call, which httpx's timeouts are not.

They start anew with each address of a name and each piece of an answer, and resolving a name has
none at all.
"""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import httpcore
import httpx

MAX_BYTES = 5 * 1024 * 1024


@dataclass
class _Allowance:
    deadline: float
    bytes: int = MAX_BYTES

    def seconds(self, timeout: type[Exception]) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise timeout("the deadline is over")
        return left


_allowance: ContextVar[_Allowance] = ContextVar("allowance")


def bounded(client: httpx.Client) -> httpx.Client:
    """Let every wait of a client end at the deadline of the call that waits."""
    transports: list[Any] = [client._transport, *client._mounts.values()]
    for transport in transports:
        if transport is not None:  # an address that no proxy serves
            pool = transport._pool  # httpx has no public way to the network below it
            pool._network_backend = _Network(pool._network_backend)
    return client


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """A call that is over at a deadline of the monotonic clock, and whose answer is bounded."""
    token = _allowance.set(_Allowance(deadline))
    try:
        yield
    finally:
        _allowance.reset(token)


class _Network(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = _allowance.get().seconds(httpcore.ConnectTimeout)
        deadline = time.monotonic() + (left if timeout is None else min(left, timeout))
        *others, last = _addresses(host, deadline)
        for tried, address in enumerate(others):
            seconds = (deadline - time.monotonic()) / (len(others) + 1 - tried)
            try:
                return self._connect(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                pass  # the next address may do
        seconds = deadline - time.monotonic()
        return self._connect(last, port, seconds, local_address, socket_options)

    def _connect(self, address: str, port: int, seconds: float, *options: Any) -> "_Stream":
        if seconds <= 0:
            raise httpcore.ConnectTimeout("the deadline is over")
        return _Stream(self._backend.connect_tcp(address, port, seconds, *options))


def _addresses(host: str, deadline: float) -> list[str]:
    """The addresses of a name; the resolver cannot be told a deadline, so a thread waits for it."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def resolve() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=resolve, daemon=True).start()
    try:
        answer = answers.get(timeout=max(deadline - time.monotonic(), 0))
    except Empty:
        raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from None
    if isinstance(answer, Exception):
        raise httpcore.ConnectError(f"{host}: {answer}")
    return answer


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        allowance = _allowance.get()
        data = self._stream.read(max_bytes, allowance.seconds(httpcore.ReadTimeout))
        allowance.bytes -= len(data)
        if allowance.bytes < 0:
            raise httpcore.ReadError("the answer is too long")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _allowance.get().seconds(httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _allowance.get().seconds(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
