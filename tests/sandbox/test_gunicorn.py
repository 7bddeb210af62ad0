"""Broken-off answers under gunicorn, which serves the sandbox after `make run`."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ..servers import ROOT, free_port

pytestmark = pytest.mark.processes

WSGI = """
import pathlib
from creditsapp.sandbox import create_sandbox

app = create_sandbox(
    database=pathlib.Path(__file__).with_name("sandbox.db"),
    api_key=None,
    webhook_secret="whsec_c2FuZGJveC1zZWNyZXQtb2YtdGhlLXRlc3Rz",
    webhook_url="http://127.0.0.1:9/hook",
)
"""


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[httpx.Client]:
    """A sandbox under two processes of gunicorn; its log must stay without errors."""
    (tmp_path / "sandbox_wsgi.py").write_text(WSGI)
    address, log = f"127.0.0.1:{free_port()}", tmp_path / "log"
    command = [sys.executable, "-m", "gunicorn", "-c", os.devnull, "-b", address]
    command += ["-w", "2", "-k", "gthread", "--threads", "4", "--no-control-socket"]
    command += ["--pythonpath", f"{tmp_path},{ROOT}", "sandbox_wsgi:app"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=tmp_path)
    headers = {"Authorization": "Bearer any"}
    with httpx.Client(base_url=f"http://{address}", headers=headers, trust_env=False) as client:
        try:
            wait_for(client)
            yield client
        finally:
            process.terminate()
            process.wait()
    assert "Traceback" not in log.read_text()


def wait_for(client: httpx.Client) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/sandbox/faults").raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("fault", "customers"), [("disconnect", 0), ("lose_answer", 1), ("truncated", 1)]
)
def test_the_connection_ends_and_the_work_is_done_or_not(
    gunicorn: httpx.Client, fault: str, customers: int
) -> None:
    gunicorn.post("/sandbox/faults", json={"fault": fault, "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        gunicorn.post("/customers", json={"email": "ann@example.com", "name": "Ann"})
    answer = gunicorn.get("/customers")
    assert len(answer.json()["items"]) == customers
    assert answer.headers["Date"].endswith("GMT")
