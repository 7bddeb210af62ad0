"""Where Dodo's webhooks arrive."""

from flask import Blueprint

bp = Blueprint("webhooks", __name__, url_prefix="/api/webhooks")

from creditsapp.webhooks import views  # noqa: E402, F401  (they need the blueprint)
