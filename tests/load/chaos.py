"""SIGKILL of something every second: workers, backends, the database whole, the periodic work."""

import random
import threading
import time
from collections import Counter
from contextlib import ExitStack

import psutil
import psycopg

from tests.crashes.servers import kill_all, restart

SECONDS = 1.0
CLIENTS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Killer:
    """Kills at random, and starts again what nobody else would."""

    def __init__(self, app, server):
        self._app, self._server = app, server
        self._stopping, self.killed = threading.Event(), Counter()
        self._worker = ExitStack()
        self._targets = {
            self._app_worker: 10,
            self._backend: 6,
            self._periodic_work: 3,
            self._database: 1,
        }

    def run(self):
        """Kill until it is stopped."""
        self._start_periodic_work()
        with self._worker:
            while not self._stopping.wait(random.uniform(0.5, 1.5) * SECONDS):
                [kill] = random.choices(list(self._targets), list(self._targets.values()))
                try:
                    kill()
                except (psutil.NoSuchProcess, psycopg.OperationalError, IndexError):
                    continue  # nobody was there to be killed
                self.killed[kill.__name__.strip("_").replace("_", " ")] += 1

    def stop(self):
        self._stopping.set()

    def _app_worker(self):
        random.choice(self._app.workers()).kill()

    def _backend(self):
        """One of a client's: the postmaster ends all others, and recovers."""
        with psycopg.connect(self._server.get_uri(), connect_timeout=5) as connection:
            backends = connection.execute(CLIENTS).fetchall()
        psutil.Process(random.choice(backends)[0]).kill()

    def _periodic_work(self):
        self._process.kill()
        self._worker.close()
        self._start_periodic_work()

    def _start_periodic_work(self):
        words = ("credits", "worker", "--every", "1", "--reason", "load")
        self._process = self._worker.enter_context(self._app.command(*words))

    def _database(self):
        kill_all(self._server)
        time.sleep(random.uniform(0, 0.5))
        restart(self._server)
