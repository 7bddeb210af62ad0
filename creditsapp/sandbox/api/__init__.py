"""Dodo's API, behind its Bearer key."""

import hmac

from flask import Blueprint, request

from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import ApiError

bp = Blueprint("api", __name__)

_REAL_KEYS = ("dodo_live_", "dodo_test_")


@bp.before_request
def require_key() -> None:
    """Refuse a missing or wrong key, and keys that belong to the real Dodo."""
    expected = current().api_key
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        raise _unauthorized("An API key is needed: Authorization: Bearer <key>.")
    if expected is None and given.startswith(_REAL_KEYS):
        raise _unauthorized("This is a sandbox: never send it a real Dodo key.")
    if expected is not None and not hmac.compare_digest(given.encode(), expected.encode()):
        raise _unauthorized("This API key is not the sandbox's.")


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "UNAUTHORIZED", message)


# The modules add their routes to the blueprint above.
from creditsapp.sandbox.api import (  # noqa: E402, F401  (they need bp)
    catalogue,
    checkouts,
    customers,
    disputes,
    faults,
    payments,
    refunds,
    webhooks,
)
