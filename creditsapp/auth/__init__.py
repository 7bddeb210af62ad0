"""Accounts in the browser: coming in and leaving, what is known of oneself, links in mails."""

from flask import Blueprint

bp = Blueprint("auth", __name__, url_prefix="/auth")

from creditsapp.auth import (  # noqa: E402, F401  (they need the blueprint)
    account_views,
    alert_views,
    link_views,
    own_data,
    views,
)
