"""While the app restarts, systemd's socket holds requests: nobody is refused."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import httpx
import pytest

from tests.databases import on_sqlite
from tests.servers import ROOT, Servers

RESTARTS = 3


@pytest.fixture
def listening():
    """A socket as systemd's unit has it: open before the app and after it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4096)
        yield listener


@contextmanager
def activated(servers, listener):
    """The app with the socket at the place where systemd puts it, until SIGTERM has ended it."""
    as_systemd = f'LISTEN_FDS=1 LISTEN_PID=$$ exec "{sys.executable}" -m gunicorn wsgi:app'
    with (servers.folder / "gunicorn.log").open("ab") as log:
        app = subprocess.Popen(
            ["sh", "-c", as_systemd],
            cwd=ROOT,
            env=servers.environment,
            stderr=log,
            close_fds=False,
            preexec_fn=lambda: os.dup2(listener.fileno(), 3),
        )
    yield
    app.terminate()
    assert app.wait(40) == 0


@on_sqlite
def test_nobody_is_refused_while_the_app_restarts(database_url, tmp_path, listening):
    servers = Servers(database_url, tmp_path)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/healthz"
    over, answers, errors = threading.Event(), [], []

    def ask():
        while not over.is_set():
            try:
                answers.append(httpx.get(url, timeout=60).status_code)
            except httpx.TransportError as error:
                errors.append(error)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(RESTARTS):
            with activated(servers, listening):
                before = len(answers)
                while len(answers) < before + 50:
                    over.wait(0.05)
    finally:
        over.set()
        with activated(servers, listening):  # for those who still wait
            for thread in asking:
                thread.join(60)
    assert (set(answers), errors) == ({200}, [])
