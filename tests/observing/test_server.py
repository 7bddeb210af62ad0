"""Under gunicorn: every line is JSON, and any worker tells what all have counted."""

import json
import os
import re
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.databases import on_sqlite
from tests.servers import Servers, free_port

pytestmark = [on_sqlite, pytest.mark.processes]
COUNT = re.compile(
    r'^credits_http_request_duration_seconds_count\{.*route="/auth/login".*\} (\d+)', re.M
)


@pytest.fixture
def servers(database_url, tmp_path):
    servers = Servers(database_url, tmp_path)
    servers.environment |= {"LOG_FORMAT": "json", "METRICS_PORT": str(free_port())}
    servers.environment |= {"TMPDIR": str(tmp_path), "WEB_CONCURRENCY": "2"}
    return servers


def test_workers_count_together_and_go_on_where_one_was_killed(servers, tmp_path):
    metrics = f"http://127.0.0.1:{servers.environment['METRICS_PORT']}/metrics"

    def counted():
        try:
            return sum(map(int, COUNT.findall(httpx.get(metrics, timeout=10).text)))
        except httpx.TransportError:  # the worker that would have answered was killed
            return None

    with servers.app_alone() as server:
        for _ in range(12):
            assert httpx.get(f"{servers.url}/auth/login").status_code == 200
        until(lambda: counted() == 12)
        assert "credits_database_up 1.0" in httpx.get(metrics).text
        assert httpx.get(f"{servers.url}/metrics").status_code == 404
        before = counting_files(server, tmp_path)
        os.kill(answering(servers, tmp_path), signal.SIGKILL)
        with socket.create_connection(("127.0.0.1", servers.app_port)) as broken:
            broken.sendall(b"no HTTP\nat all\r\n\r\n")
            broken.recv(100)
        for _ in range(8):
            until(lambda: answers(f"{servers.url}/auth/login"))
        until(lambda: (counted() or 0) >= 20)
        assert counting_files(server, tmp_path) <= before | {
            "gauge_livesum_0.db",
            "gauge_livesum_1.db",
        }
    assert before and counting_files(server, tmp_path) == set()
    rows = records(tmp_path)
    assert {row["logger"] for row in rows} >= {"gunicorn.error", "creditsapp.logs.requests"}
    assert all(row["event"] and row["pid"] and row["level"] for row in rows)


def answers(url):
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:  # it was the killed worker that had it
        return False


def records(folder):
    """Every line that the server has written; each has to be an object."""
    return [json.loads(line) for line in (folder / "gunicorn.log").read_text().splitlines()]


def answering(servers, folder):
    """A worker that has answered a request."""
    return next(row["pid"] for row in records(folder) if row["event"] == "request")


def counting_files(server, folder):
    """The files of this server: in memory, or on disk where there is no /dev/shm."""
    name = f"credits-metrics-{server.pid}-*/*.db"
    return {path.name for within in (Path("/dev/shm"), folder) for path in within.glob(name)}


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
