"""Whether the process lives, and whether it can serve."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from creditsapp import schema
from creditsapp.extensions import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers and has a schema that this version can use."""
    try:
        with db.engine.connect() as connection:
            found = schema.look(connection)
    except SQLAlchemyError:
        return jsonify(status="unavailable", reason="the database does not answer"), 503
    if not found.usable:
        return jsonify(status="unavailable", reason=found.words), 503
    return jsonify(status="ok")
