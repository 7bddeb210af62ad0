"""The JSON interface described by itself, as OpenAPI 3.1.

It is written by hand from the shapes in pydantic and the registry of operations: spectree and
flask-smorest would each bring a reader of JSON and errors of their own, and neither can describe
what one route takes for each operation.
"""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from creditsapp.openapi.document import describe

bp = Blueprint("openapi", __name__, url_prefix="/api")


@bp.get("/openapi.json")
def description() -> Response:
    """The description, the same for everybody."""
    response: Response = jsonify(description_of_app())
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag()
    return response.make_conditional(request)


def description_of_app() -> dict[str, Any]:
    """What this app's JSON interface takes and answers; it does not change while the app runs."""
    kept = current_app.extensions
    if "creditsapp.openapi" not in kept:
        kept["creditsapp.openapi"] = describe(
            kept["creditsapp"].prices,
            kept["creditsapp"].offer,
            session_cookie=current_app.config["SESSION_COOKIE_NAME"],
        )
    found: dict[str, Any] = kept["creditsapp.openapi"]
    return found
