"""A Redis of the drill's own, for rate limits that several servers count together."""

import time

import redis

from tests.ha import processes
from tests.servers import free_port


class Redis:
    """One server, that may be killed and started again."""

    def __init__(self, folder):
        self.folder, self.port, self._process = folder / "redis", free_port(), None
        processes.own(self.folder)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_error):
        self.kill()

    def start(self):
        """Start it, and see that it answers."""
        words = ["redis-server", "--bind", "127.0.0.1", "--port", self.port, "--save", ""]
        self._process = processes.start(words, self.folder)
        deadline = time.monotonic() + 30
        while True:
            try:
                redis.Redis(port=self.port).ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kill(self):
        """SIGKILL."""
        self._process.kill()
        self._process.wait()
