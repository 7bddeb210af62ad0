"""Real server processes: the app under gunicorn, and the sandbox on a port of its own."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ROOT = Path(__file__).parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Servers:
    """Where the app and the sandbox answer, and the environment that their commands need."""

    def __init__(self, database_url, folder):
        self.app_port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.app_port}"
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/tmp"),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a secret of the tests",
            "PORT": str(self.app_port),
            "DODO_PAYMENTS_BASE_URL": f"http://127.0.0.1:{self.sandbox_port}",
            "DODO_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    @contextmanager
    def running(self):
        """Start both, and stop both at the end."""
        sandbox = ("flask", "--app", "wsgi", "sandbox", "run", "--port", str(self.sandbox_port))
        database = ("--database", str(self.folder / "sandbox.db"))
        with self._process(*sandbox, *database), self._process("gunicorn", "wsgi:app"):
            self._wait_for(f"{self.url}/readyz")
            self._wait_for(f"http://127.0.0.1:{self.sandbox_port}/sandbox/")
            yield self

    @contextmanager
    def app_alone(self, app="wsgi:app"):
        """Start an app without a sandbox; the process may be stopped before the end."""
        with self._process("gunicorn", app) as process:
            self._wait_for(f"{self.url}/readyz")
            yield process

    def flask(self, *words):
        """Run a command; return it finished, with its output."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60
        )

    @contextmanager
    def _process(self, *words):
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [Path(sys.executable).with_name(words[0]), *words[1:]],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)

    def _wait_for(self, url):
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                if httpx.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        logs = "\n".join(path.read_text() for path in self.folder.glob("*.log"))
        raise AssertionError(f"{url} does not answer:\n{logs}")
