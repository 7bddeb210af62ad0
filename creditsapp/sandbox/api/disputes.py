"""Disputes."""

from flask import request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing, shapes
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import not_found


@bp.get("/disputes")
def list_disputes() -> ResponseReturnValue:
    """List disputes, newest first."""
    names = ("customer_id", "dispute_status", "dispute_stage")
    equal = {name: request.args.get(name) for name in names}
    with current().store.reading() as tx:
        found = tx.find("dispute", equal=equal, **parsing.list_query())
    return {"items": [shapes.dispute_row(document) for document in found]}


@bp.get("/disputes/<dispute_id>")
def dispute(dispute_id: str) -> ResponseReturnValue:
    """Show a dispute."""
    with current().store.reading() as tx:
        document = tx.get("dispute", dispute_id)
        if document is None:
            raise not_found("dispute")
        return shapes.dispute(tx, document)
