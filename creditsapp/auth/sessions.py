"""The browser's session: a signed cookie that the server can end, and that gets too old."""

import secrets
import time
from datetime import UTC, datetime

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from creditsapp.extensions import login_manager
from creditsapp.logs.notes import note_user
from creditsapp.models import User
from creditsapp.security import REMEMBERED, SHORT, Lifetime
from creditsapp.services import sessions
from creditsapp.translation import gettext as _

login_manager.login_view = "auth.login"
NO_USE = "credits_api.balance"  # pages ask for it by themselves, with nobody there
_NOTE_EVERY = 300  # seconds


def begin(user: User, *, remember: bool) -> None:
    """Sign in, in a session that nobody knew before."""
    session.clear()
    session.permanent = remember
    at = int(time.time())
    session.update(sid=secrets.token_urlsafe(24), began=at, seen=at)
    login_user(user)
    note_user(user.id)


def go_on(user: User) -> None:
    """Keep this browser signed in when the user's other sessions have ended."""
    begin(user, remember=session.permanent)


def end() -> None:
    """Sign out: the cookie is worth nothing from now on, whoever has a copy of it."""
    if current_user.is_authenticated:
        over = session["began"] + _lifetime().absolute.total_seconds()
        sessions.end(session["sid"], datetime.fromtimestamp(over, UTC))
    leave()


def leave() -> None:
    """Take the session from this browser alone."""
    logout_user()
    session.clear()


@login_manager.user_loader
def load_user(claim: str) -> User | None:
    """The user of a session, unless it was ended or is too old."""
    user_id, _dot, version = claim.partition(".")
    if "sid" not in session or not version.isdigit() or _is_old():
        return None
    user = sessions.owner(int(user_id), int(version), session["sid"])
    if user:
        note_user(user.id)
    if user and request.endpoint != NO_USE and time.time() - session["seen"] > _NOTE_EVERY:
        session["seen"] = int(time.time())
    return user


def _is_old() -> bool:
    at, life = time.time(), _lifetime()
    return (
        at - session["began"] > life.absolute.total_seconds()
        or at - session["seen"] > life.idle.total_seconds()
    )


def _lifetime() -> Lifetime:
    return REMEMBERED if session.permanent else SHORT


@login_manager.unauthorized_handler
def send_to_sign_in() -> ResponseReturnValue:
    """A guarded page is reached by signing in."""
    here = request.full_path if request.query_string else request.path
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("auth.login", next=here))
    flash(_("You were signed out, so nothing was sent or charged. Sign in and send it again."))
    rule = request.url_rule
    shown_again = rule is not None and "GET" in (rule.methods or ())
    return redirect(url_for("auth.login", next=here if shown_again else None), 303)
