"""The app for a busy machine: it waits a minute for a lock, which is held while a test looks on."""

from creditsapp.database import timeouts
from creditsapp.database.postgresql import BoundedConnection
from wsgi import app

timeouts.LOCK_SECONDS, timeouts.STATEMENT_SECONDS, BoundedConnection.deadline = 60, 61, 62

__all__ = ["app"]
