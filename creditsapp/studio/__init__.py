"""The studio, where credits are spent: pages, and the JSON interface beside them."""

from flask import Blueprint

from creditsapp.json_interface import guard

bp = Blueprint("studio", __name__, url_prefix="/studio")
api = Blueprint("studio_api", __name__, url_prefix="/api/operations")
guard(api)

from creditsapp.studio import api_views, views  # noqa: E402, F401  (they need api and bp)
