"""Bodies too large for the inbox, sent to the served app with and without their length."""

import json
import socket
import time

import httpx
import pytest

from creditsapp.dodo.signature import sign
from tests.databases import contents, on_sqlite
from tests.servers import WEBHOOK_SECRET, Servers

pytestmark = pytest.mark.processes

LIMIT = 256 * 1024


@pytest.fixture
def served(database_url, tmp_path):
    """The app under gunicorn, without a sandbox."""
    servers = Servers(database_url, tmp_path)
    with servers.app_alone():
        yield servers


def signed(body):
    sent = int(time.time())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(sent),
        "webhook-signature": sign("msg_1", sent, body, WEBHOOK_SECRET),
    }


def in_chunks(body):
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@on_sqlite
def test_only_bodies_up_to_256_kb_are_taken(served, database_url):
    for size in (LIMIT, 1000):
        body = filled(size)
        for content in (body, in_chunks(body)):
            assert posted(served, body, content).status_code == 200
    before = contents(database_url)
    for size in (LIMIT + 1, 10 * LIMIT):
        body = filled(size)
        assert posted(served, body, body).status_code == 413
    assert answer_to_the_announcement_of(10**9, served).startswith(b"HTTP/1.1 413 ")
    assert contents(database_url) == before


def posted(served, body, content):
    url = f"{served.url}/api/webhooks/dodo"
    return httpx.post(url, content=content, headers=signed(body), timeout=30)


def filled(size):
    """An event of so many bytes."""
    empty = len(json.dumps({"type": "odd", "filling": ""}))
    return json.dumps({"type": "odd", "filling": "x" * (size - empty)}).encode()


def answer_to_the_announcement_of(length, served):
    """What is answered before any of the body has come."""
    headers = signed(b"") | {"Host": "localhost", "Content-Length": length}
    lines = ["POST /api/webhooks/dodo HTTP/1.1", *(f"{it}: {headers[it]}" for it in headers)]
    with socket.create_connection(("127.0.0.1", served.app_port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(100)
