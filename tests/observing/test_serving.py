"""The port that Prometheus scrapes: silent clients do not take all of the process's threads."""

import socket
import threading
import time

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from creditsapp.metrics import serving


class NoGauges:
    """Of a process that has none."""

    def read(self):
        """Nothing."""


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(serving, "PATIENCE", 120)
    registry = CollectorRegistry()
    Counter("some_total", "Some.", ("which",), registry=registry).labels("this").inc()
    server = serving._Server("127.0.0.1", 0, registry, NoGauges())
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()


def scraped(port):
    try:
        return 'some_total{which="this"} 1.0' in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    except httpx.TransportError:
        return False


def test_silent_clients_are_a_few_and_whoever_comes_then_is_sent_away(port):
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(serving.AT_ONCE)]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one_more:
        assert one_more.recv(1) == b""
    assert not scraped(port)
    for client in silent:
        client.close()
    deadline = time.monotonic() + 30
    while not scraped(port):
        assert time.monotonic() < deadline
        time.sleep(0.05)
