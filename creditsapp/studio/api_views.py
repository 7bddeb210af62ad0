"""The JSON interface to the paid operations."""

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from creditsapp.errors import JsonError
from creditsapp.json_interface import read_object
from creditsapp.models.types import exact
from creditsapp.studio import api
from creditsapp.studio.operation import InvalidInput
from creditsapp.studio.operations import OPERATIONS
from creditsapp.studio.performing import perform, submitted


@api.post("/<name>")
def run(name: str) -> ResponseReturnValue:
    """Do a paid operation, once for each `Idempotency-Key`."""
    operation = OPERATIONS.get(name)
    if operation is None:
        raise JsonError(404, "unknown_operation", "There is no such operation.")
    is_form = request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded")
    try:
        raw = submitted() if is_form else read_object()
        done = perform(operation, raw, key=request.headers.get("Idempotency-Key"))
    except InvalidInput as error:
        raise JsonError(
            400,
            "invalid_input",
            "Nothing was charged. Something in the input is not right.",
            fields=error.fields,
        ) from None
    response = jsonify(
        id=done.creation.id,
        operation=operation.name,
        cost=exact(-done.entry.amount),
        creditsRemaining=exact(done.entry.balance_after),
        resultUrl=url_for("studio.creation", creation_id=done.creation.id),
    )
    if done.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response, 201
