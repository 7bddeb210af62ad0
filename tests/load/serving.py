"""What is under load: app servers as they are run, that can be killed and started again."""

import subprocess
import sys
from contextlib import contextmanager, suppress

import psutil

from tests.servers import ROOT, Servers

APP = "tests.load.wsgi:app"
SETTINGS = {
    "INITIAL_FREE_CREDITS": "1000000",
    "HOLD_SECONDS": "10",  # what a killed server had held is soon free again
    "LOW_BALANCE_CREDITS": "0",
}


class App:
    """One app server: gunicorn with its workers."""

    def __init__(self, servers, **settings):
        self.servers, self.process = servers, None
        servers.environment |= SETTINGS | settings

    @property
    def port(self):
        return self.servers.app_port

    def start(self):
        """Start it, and see that it is ready."""
        self.process = self._background("gunicorn", APP)
        self.servers._wait_for(f"{self.servers.url}/readyz")

    def workers(self):
        """Its worker processes."""
        return psutil.Process(self.process.pid).children()

    def kill(self):
        """SIGKILL the master and its workers, as a machine's end does."""
        family = [*self.workers(), self.process]
        for process in family:
            process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, and wait; the process may be gone already."""
        self.process.terminate()
        self.process.wait(60)

    def memory(self):
        """What the workers take, each its share of what several have (PSS), in bytes."""
        taken = 0
        for worker in self.workers():
            with suppress(psutil.NoSuchProcess):  # it may be killed meanwhile
                taken += worker.memory_full_info().pss
        return taken

    def _background(self, *words):
        with (self.servers.folder / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=self.servers.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @contextmanager
    def command(self, *words):
        """Run a command of the app's in the background, to the end of the block."""
        process = self._background("flask", "--app", "wsgi", *words)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def sandbox_words(servers):
    """The sandbox, as a command."""
    port, database = str(servers.sandbox_port), str(servers.folder / "sandbox.db")
    return "sandbox", "run", "--port", port, "--database", database


@contextmanager
def served(url, folder):
    """One app server on a database that is migrated for it, with a sandbox beside it."""
    app = App(Servers(url, folder))
    migrate(app.servers)
    with app.command(*sandbox_words(app.servers)):
        app.servers._wait_for(f"http://127.0.0.1:{app.servers.sandbox_port}/sandbox/")
        app.start()
        try:
            yield app
        finally:
            app.stop()


def migrate(servers):
    """Bring the database to the newest schema."""
    answer = servers.flask("db", "upgrade")
    if answer.returncode:
        raise RuntimeError(answer.stderr)
