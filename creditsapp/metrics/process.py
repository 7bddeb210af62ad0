"""What is read off each worker: its connections to the database, and whether Dodo is let alone."""

from flask import Flask
from prometheus_client import CollectorRegistry, Gauge

from creditsapp.dodo import dodo_client
from creditsapp.extensions import db


class Gauges:
    """Made within a worker, whose slot they are kept in; the sum is over the living ones."""

    def __init__(self, app: Flask, registry: CollectorRegistry | None = None) -> None:
        self._app = app
        self._connections = Gauge(
            "credits_database_connections_in_use",
            "Connections of the workers' pools that are in use.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._breakers = Gauge(
            "credits_dodo_breakers_open",
            "Workers that leave Dodo alone, since it failed again and again.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def read(self) -> None:
        """Set them to how it is now."""
        with self._app.app_context():
            in_use = getattr(db.engine.pool, "checkedout", None)
            self._connections.set(in_use() if in_use else 0)
            self._breakers.set(dodo_client().breaker.open)
