"""The port that Prometheus scrapes, apart from the app's own.

Every worker listens on it, and whichever is asked answers for all. A worker never forks, so that
a thread may do it; the process that forks the workers must have none.
"""

import logging
import socket
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry, MetricsHandler
from prometheus_client.multiprocess import MultiProcessCollector

from creditsapp.metrics import slots
from creditsapp.metrics.process import Gauges
from creditsapp.metrics.state import State

log = logging.getLogger(__name__)

PATIENCE = 5  # seconds for a client to say what it wants, and to take it
AT_ONCE = 8  # clients of one worker; whoever else comes is sent away


def serve(app: Flask, host: str, port: int) -> None:
    """Answer on a port from now on, in a thread; without it where the port is another's."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, slots.folder)  # type: ignore[no-untyped-call]  # it has no types
    registry.register(State(app))
    try:
        server = _Server(host, port, registry, Gauges(app))
    except OSError as error:
        log.error("no metrics on %s port %s: %s", host, port, error.strerror)
        return
    threading.Thread(target=server.run, name="metrics", daemon=True).start()


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True

    def __init__(self, host: str, port: int, registry: CollectorRegistry, gauges: Gauges) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._gauges, self._places = gauges, threading.BoundedSemaphore(AT_ONCE)
        handler = MetricsHandler.factory(registry)
        handler.timeout = PATIENCE
        super().__init__((host, port), handler)

    def run(self) -> None:
        """Serve to the process's end; should it fail, leave the port to the other workers."""
        with self:
            self.serve_forever()

    def service_actions(self) -> None:
        """Called twice a second: what other processes are asked about is read now and then."""
        self._gauges.read()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, of which there are not many."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # there is no thread
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with one scrape."""
        log.warning("a scrape failed", exc_info=True)
