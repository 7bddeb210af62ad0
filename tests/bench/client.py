"""A client so cheap that the server is what is measured: the same bytes again and again."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor


def as_bytes(method, path, headers, body=b""):
    """A request as it goes over the wire."""
    headers = {"Host": "127.0.0.1", "Content-Length": len(body)} | headers
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def load(port, requests, status, seconds):
    """Answers per second, each request on a kept connection of its own; all have this status."""
    return sum(len(taken) / sum(taken) for taken in timed(port, requests, status, seconds))


def timed(port, requests, status, seconds):
    """The seconds that each answer took, for each of the requests, which go on at once."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: _repeat(port, request, status, seconds), requests))


def _repeat(port, request, status, seconds):
    expected = b"HTTP/1.1 %d " % status
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        taken, at = [], time.perf_counter()
        until = at + seconds
        while at < until:
            connection.sendall(request)
            answer = _answer(connection, with_body=status != 304)
            if not answer.startswith(expected):
                raise AssertionError(answer[:2000].decode("latin-1"))
            before, at = at, time.perf_counter()
            taken.append(at - before)
        return taken


def _answer(connection, with_body):
    received = connection.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _more(connection)
    start = received.find(b"Content-Length: ") + 16
    length = int(received[start : received.find(b"\r", start)]) if with_body else 0
    while len(received) < end + 4 + length:
        received += _more(connection)
    return received


def _more(connection):
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part
