"""Balance, ledger and purchases: pages, and the JSON interface beside them."""

from flask import Blueprint

from creditsapp.json_interface import guard

bp = Blueprint("credits", __name__, url_prefix="/credits")
api = Blueprint("credits_api", __name__, url_prefix="/api/credits")
guard(api)

from creditsapp.credits import api_views, ledger_views, views  # noqa: E402, F401  (they need api and bp)
