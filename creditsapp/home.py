"""The landing page."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> ResponseReturnValue:
    """What this is and what it costs, for visitors."""
    if current_user.is_authenticated:
        return redirect(url_for("studio.index"))
    return render_template("home.html")
