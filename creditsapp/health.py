"""Whether the process lives, and whether it can serve."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from creditsapp import schema
from creditsapp.asking import Question, Unanswered

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)

SECONDS = 1.5  # until a database that says nothing is called away
FRESH = 1.0  # seconds for which one answer serves all who ask
PATHS = ("/healthz", "/readyz")


def init_app(app: Flask) -> None:
    """Make the question ready; it is asked when somebody wants to know, by whatever name."""
    app.register_blueprint(bp)
    app.extensions["readiness"] = Readiness(app)
    serve = app.wsgi_app

    def asked_by_address(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Balancers know a machine's address alone, and no answer here has a link in it."""
        if environ.get("PATH_INFO") in PATHS:
            environ["HTTP_HOST"] = "localhost"
        return serve(environ, start_response)

    app.wsgi_app = asked_by_address  # type: ignore[method-assign]  # as Flask documents it


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers, can be written to, and has a schema that this version can use."""
    reason = current_app.extensions["readiness"].obstacle()
    if reason is not None:
        return jsonify(status="unavailable", reason=reason), 503
    return jsonify(status="ok")


class Readiness:
    """What keeps this process from serving.

    A pool in full use does not: the load would move on and fill the next one's.
    """

    def __init__(self, app: Flask) -> None:
        self._question = Question(
            app,
            _obstacle,
            seconds=SECONDS,
            fresh=FRESH,
            well=lambda obstacle: obstacle is None,  # else it may be another server by now
        )
        self._told: str | None = None

    def obstacle(self) -> str | None:
        """What is wrong, in words; a change of it is logged."""
        try:
            found = self._question.answer()
        except Unanswered as error:
            found = "the database does not answer"
            log.debug("%s: %s", found, error)
        if found != self._told:
            log.warning("not ready: %s" if found else "ready again", *filter(None, [found]))
            self._told = found
        return found

    def close(self) -> None:
        """Keep no connection; the next question opens one."""
        self._question.close()


def _obstacle(connection: Connection) -> str | None:
    if connection.dialect.name == "postgresql":
        query = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"
        standby, read_only = connection.exec_driver_sql(query).one()
        if standby:
            return "the database is a standby"
        if read_only:
            return "the database is read-only"
    elif not _writable(Path(connection.engine.url.database or "")):
        return "the database's file cannot be written"
    found = schema.look(connection)
    return None if found.usable else found.words


def _writable(file: Path) -> bool:
    """Whether SQLite may write the file, and beside it; on a read-only disk not even root may."""
    return all(os.access(path, os.W_OK, effective_ids=True) for path in (file, file.parent))
