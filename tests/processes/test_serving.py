"""What gunicorn is told: whom it believes, what it refuses, and that no client keeps a thread."""

import logging
import runpy
import socket
import struct
import sys
from contextlib import suppress
from types import SimpleNamespace

import httpx
import psutil
import pytest

from tests.databases import on_sqlite
from tests.servers import ROOT, Servers


@pytest.fixture
def configured(monkeypatch, tmp_path):
    """What gunicorn reads, in an environment."""

    def read(**environment):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/credits.db")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "wsgi", raising=False)
        return runpy.run_path(str(ROOT / "gunicorn.conf.py"))

    return read


def master(workers, *listeners):
    return SimpleNamespace(
        log=logging.getLogger(), cfg=SimpleNamespace(workers=workers), LISTENERS=listeners
    )


def test_workers_threads_and_where_it_listens_are_settings(configured):
    found = configured()
    assert (found["bind"], found["workers"], found["threads"]) == ("[127.0.0.1]:8000", 2, 8)
    changed = {"BIND_ADDRESS": "::", "PORT": "80", "WEB_CONCURRENCY": "5", "WEB_THREADS": "3"}
    found = configured(**changed)
    assert (found["bind"], found["workers"], found["threads"]) == ("[::]:80", 5, 3)
    with pytest.raises(SystemExit, match="(?s)WEB_CONCURRENCY: .*WEB_THREADS: "):
        configured(WEB_CONCURRENCY="0", WEB_THREADS="x")


@pytest.mark.parametrize(("url", "told"), [("memory://", True), ("redis://127.0.0.1:6379", False)])
def test_workers_that_count_alone_are_told_of_at_the_start(configured, caplog, url, told):
    when_ready = configured(RATELIMIT_STORAGE_URI=url)["when_ready"]
    for workers in (2, 1):
        when_ready(master(workers))
    assert len(caplog.messages) == told
    assert all("Each of 2 processes counts rate limits alone" in line for line in caplog.messages)


def test_a_client_that_falls_silent_is_not_waited_for(configured):
    found = configured()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for seconds in (20, 1):
            found["when_ready"].__globals__["CLIENT_SECONDS"] = seconds
            found["when_ready"](master(1, listener))
            with socket.create_connection(listener.getsockname()), listener.accept()[0] as ours:
                for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                    told = struct.unpack("ll", ours.getsockopt(socket.SOL_SOCKET, option, 16))
                    assert told == (seconds, 0)
                if seconds == 1:
                    with pytest.raises(BlockingIOError):
                        ours.recv(1)


@on_sqlite
def test_a_body_that_stopped_coming_is_not_waited_for_again(client):
    class Stalled:
        reads, failed = 0, False

        def read(self, size=-1):
            self.reads, self.failed = self.reads + 1, True
            raise BlockingIOError

    body = Stalled()
    said = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": "100"}
    answer = client.post("/api/operations/theme_generation", environ_overrides=said)
    assert (answer.status_code, body.reads) == (401, 1)
    body = said["wsgi.input"] = Stalled()
    answer = client.post("/api/webhooks/dodo", environ_overrides=said)
    assert (answer.status_code, body.reads) == (400, 1)


def raw(server, *lines):
    """What is answered to bytes that no client library would send.

    Where the server closes on bytes that it has not read, the end of its answer is a reset.
    """
    answer = b""
    with (
        socket.create_connection(("127.0.0.1", server.app_port), timeout=60) as connection,
        suppress(ConnectionResetError, BrokenPipeError),
    ):
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()


@on_sqlite
@pytest.mark.processes
def test_the_server_itself(database_url, tmp_path):
    server = Servers(database_url, tmp_path)
    host = ("Host: localhost", "Connection: close")
    with server.app_alone() as process:
        for words, status in (
            ([f"GET /{'a' * 4094} HTTP/1.1", *host], "414 URI Too Long"),
            (["GET / HTTP/1.1", *host, f"X: {'a' * 8190}"], "431 Request Header Fields Too Large"),
            (["GET / HTTP/1.1", *host, *["X: a"] * 64], "431 Request Header Fields Too Large"),
            (["GET / HTTP/1.1 or so", *host], "400 Bad Request"),
        ):
            answer = raw(server, *words)
            assert answer.startswith(f"HTTP/1.1 {status}\r\n"), answer
            assert "gunicorn" not in answer and "Traceback" not in answer
        believed_nobody = raw(
            server,
            *("GET /credits/ HTTP/1.1", *host, "SCRIPT_NAME: /credits", "X-Forwarded-Proto: https"),
        )
        assert believed_nobody.startswith("HTTP/1.1 302 FOUND\r\n"), believed_nobody
        assert "\r\nLocation: /auth/login?next=/credits/\r\n" in believed_nobody
        assert "\r\nServer: gunicorn\r\n" in believed_nobody  # and no version

        for _ in range(20):
            assert httpx.get(f"{server.url}/readyz", timeout=60).status_code == 200
        parent = psutil.Process(process.pid)
        assert len(parent.children()) == 2
        assert parent.num_threads() == 1
        assert [each.status for each in parent.net_connections()] == ["LISTEN"]
        opened = {each.path for each in parent.open_files()}
        assert not any("credits" in path for path in opened), opened
