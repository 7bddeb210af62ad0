"""The account pages."""

from decimal import Decimal

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user, logout_user
from flask_wtf import FlaskForm

from creditsapp.auth import bp
from creditsapp.auth.forms import EmptyForm, PasswordForm, RegisterForm, SignInForm
from creditsapp.errors import answer
from creditsapp.extensions import db, login_manager
from creditsapp.models import User
from creditsapp.navigation import local_path
from creditsapp.services import accounts

login_manager.login_view = "auth.login"


@login_manager.user_loader
def load_user(claim: str) -> User | None:
    """The user of a session, unless the session was ended since."""
    user_id, _, _version = claim.partition(".")
    user = db.session.get(User, int(user_id)) if user_id.isdigit() else None
    return user if user is not None and user.get_id() == claim and user.is_active else None


@login_manager.unauthorized_handler
def send_to_sign_in() -> ResponseReturnValue:
    """A guarded page is reached by signing in."""
    if request.method != "GET":
        flash("You were signed out, so nothing was sent or charged. Sign in and send it again.")
        return redirect(url_for("auth.login", next=request.path), 303)
    return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account and sign in."""
    form = RegisterForm()
    if form.validate_on_submit():
        try:
            user = accounts.register(
                form.email.data,
                form.password.data,
                name=form.name.data or "",
                welcome=_welcome(),
            )
        except (accounts.EmailTaken, accounts.InvalidEmail) as error:
            form.email.errors = [str(error)]
        except accounts.InvalidPassword as error:
            form.password.errors = [str(error)]
        else:
            return _signed_in(user, remember=False)
    return _form_page("auth/register.html", form)


def _welcome() -> Decimal:
    """The welcome credits at registration: none where they wait for a verified address."""
    settings = current_app.extensions["creditsapp"].settings
    if settings.welcome_requires_verified_email:
        return Decimal(0)
    return settings.initial_free_credits


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in."""
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(url_for("studio.index"))
    form = SignInForm()
    if form.validate_on_submit():
        try:
            user = accounts.authenticate(form.email.data, form.password.data)
        except accounts.WrongPassword as error:
            form.password.errors = [str(error)]
        else:
            return _signed_in(user, remember=form.remember.data)
    return _form_page("auth/login.html", form)


def _signed_in(user: User, *, remember: bool) -> ResponseReturnValue:
    session.clear()
    login_user(user, remember=remember)
    return redirect(local_path(request.args.get("next")) or url_for("studio.index"), 303)


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out on this device."""
    form = EmptyForm()
    if not form.validate_on_submit():
        return answer(400, "csrf_failed", "This page has expired. Please sign out again.")
    logout_user()
    session.clear()
    return redirect(url_for("home.index"), 303)


@bp.route("/account", methods=["GET", "POST"])
@login_required
def account() -> ResponseReturnValue:
    """Who is signed in, and another password, which ends every other session."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            user = accounts.change_password(
                current_user.id, form.current_password.data, form.new_password.data
            )
        except accounts.WrongPassword as error:
            form.current_password.errors = [str(error)]
        except accounts.InvalidPassword as error:
            form.new_password.errors = [str(error)]
        else:
            login_user(user)
            flash("Your password is changed. Other devices are signed out.")
            return redirect(url_for("auth.account"), 303)
    return _form_page("auth/account.html", form)


def _form_page(template: str, form: FlaskForm) -> ResponseReturnValue:
    status = 422 if form.is_submitted() else 200
    return render_template(template, form=form), status, {"Cache-Control": "no-store"}
