"""Processes that are replaced under load: every request gets its answer, and is charged once."""

import itertools
import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from creditsapp.extensions import db
from creditsapp.services import ledger
from tests.crashes.test_sigterm import PATH, Load
from tests.servers import Servers

pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(600),
    pytest.mark.skipif("CRASH_ROUNDS" not in os.environ, reason="takes long: `make crashes`"),
]


class Patient(Load):
    """Clients who never give up: what got no answer they send again with the same key."""

    def __init__(self, url):
        super().__init__(url)
        del self.threads[2:]
        self.lost, self.over = [], threading.Event()

    def _pay(self, client):
        for number in itertools.count():
            key = f"client-{client}-{number}"
            while key not in self.statuses and not self.over.wait(0.15):
                try:
                    answer = httpx.post(self.url + PATH, timeout=90, **self.request(key))
                    self.statuses[key] = answer.status_code
                except httpx.TransportError as error:
                    self.lost.append(f"{key}: {error!r}")
            if self.over.is_set():
                return

    @contextmanager
    def running(self):
        for thread in self.threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in self.threads:
                thread.join(60)

    def wait_for_more(self):
        """Wait until each client has had another answer or two."""
        enough = len(self.statuses) + 2 * len(self.threads)
        wait_until(lambda: len(self.statuses) >= enough)


def wait_until(true):
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(pid):
    """A master's workers, and the master that it has started; nobody of a process that is gone."""
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except FileNotFoundError:
        return set()


def replaced(master, former):
    return len(children(master)) == 2 and not children(master) & former


def test_no_request_is_lost_while_workers_and_masters_are_replaced(app, database_url, tmp_path):
    servers = Servers(database_url, tmp_path)
    servers.environment["INITIAL_FREE_CREDITS"] = "1000"
    with servers.app_alone() as process:
        old, load = process.pid, Patient(servers.url)
        with load.running():
            first = children(old)
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: replaced(old, first))
            load.wait_for_more()
            assert load.lost == []

            victim = min(children(old))
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: replaced(old, {victim}))
            load.wait_for_more()
            assert len(load.lost) <= len(load.threads)  # that worker's requests, sent again
            load.lost.clear()

            process.send_signal(signal.SIGUSR2)
            wait_until(lambda: any(len(children(child)) == 2 for child in children(old)))
            (new,) = (child for child in children(old) if children(child))
            try:
                process.terminate()
                assert process.wait(60) == 0
                load.wait_for_more()
                assert load.lost == []
            finally:
                os.kill(new, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{new}").exists())
    assert set(load.statuses.values()) == {201}
    with app.app_context():
        [user] = db.session.scalars(text("SELECT user_id FROM wallets"))
        assert ledger.balance(user).balance == 1000 - len(load.statuses)
