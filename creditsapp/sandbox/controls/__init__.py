"""What Dodo's dashboard, the banks and bad luck would do, as a page of buttons and as JSON."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from creditsapp.sandbox.errors import ApiError

bp = Blueprint("controls", __name__)


@bp.before_request
def refuse_other_sites() -> None:
    """Keep other sites from pressing these buttons through a visitor's browser."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ApiError(403, "FORBIDDEN", "The controls cannot be used from another site.")


def go_to_controls() -> ResponseReturnValue:
    """Lead from the root of the sandbox to its controls."""
    return redirect(url_for("controls.index"))


# The modules add their routes to the blueprint above.
from creditsapp.sandbox.controls import (  # noqa: E402, F401  (they need bp)
    deliveries,
    disputes,
    faults,
    page,
    payments,
    product,
    refunds,
    reset,
    webhooks,
)
