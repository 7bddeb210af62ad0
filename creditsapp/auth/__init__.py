"""Accounts in the browser: register, sign in and out, change the password."""

from flask import Blueprint

bp = Blueprint("auth", __name__, url_prefix="/auth")

from creditsapp.auth import own_data, views  # noqa: E402, F401  (they need the blueprint)
