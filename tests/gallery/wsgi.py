"""The app with what its pages alone cannot show: any user's sign-in, any error, a faulty page."""

from decimal import Decimal
from pathlib import Path

from flask import Blueprint, abort
from flask_wtf.csrf import generate_csrf

from creditsapp import create_app
from creditsapp.auth import sessions
from creditsapp.extensions import db
from creditsapp.models import User
from creditsapp.services.errors import InsufficientCredits, OperationInProgress, TryAgainLater

FAULTY = Path(__file__).parent / "faulty.html"
bp = Blueprint("gallery", __name__, url_prefix="/-")


@bp.get("/sign-in/<int:user_id>")
def sign_in(user_id):
    """A user's session without a password, so that no limit on signing in is met."""
    sessions.begin(db.session.get_one(User, user_id), remember=False)
    return ""


@bp.get("/token")
def token():
    """A page to send any form from: it has nothing but the token."""
    return f'<link rel="icon" href="data:,"><input name="csrf_token" value="{generate_csrf()}">'


@bp.get("/error/<int:status>")
def error(status):
    """An error as a view raises it."""
    if status == 402:
        raise InsufficientCredits(Decimal(5), Decimal(2), Decimal(2))
    if status == 409:
        raise OperationInProgress("This is being worked on already. Nothing more was charged.")
    if status == 500:
        raise RuntimeError("a bug, for the gallery")
    if status == 503:
        raise TryAgainLater("The database does not answer. Please try again.")
    abort(status)


@bp.get("/faulty")
def faulty():
    """A page with one fault of each kind, to see that they are found."""
    return FAULTY.read_text()


def extended(app):
    """The app with these routes."""
    app.register_blueprint(bp)
    return app


def application():
    """What gunicorn serves."""
    return extended(create_app())
