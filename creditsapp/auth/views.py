"""The account pages."""

from decimal import Decimal
from typing import Any

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user, logout_user
from flask_wtf.csrf import CSRFError

from creditsapp import limits
from creditsapp.auth import bp
from creditsapp.auth.forms import EmptyForm, NameForm, PasswordForm, RegisterForm, SignInForm
from creditsapp.extensions import db, login_manager
from creditsapp.models import User
from creditsapp.navigation import local_path
from creditsapp.services import accounts
from creditsapp.translation import gettext as _

login_manager.login_view = "auth.login"


@login_manager.user_loader
def load_user(claim: str) -> User | None:
    """The user of a session, unless the session was ended since."""
    user_id, _dot, _version = claim.partition(".")
    user = db.session.get(User, int(user_id)) if user_id.isdigit() else None
    return user if user is not None and user.get_id() == claim and user.is_active else None


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


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account and sign in."""
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(_onward())
    form, status = RegisterForm(), 422
    if form.validate_on_submit():
        try:
            limits.register()
            user = accounts.register(
                form.email.data,
                form.password.data,
                name=form.name.data or "",
                welcome=_welcome(),
                alert_below=current_app.extensions["creditsapp"].settings.low_balance_credits,
            )
        except (accounts.EmailTaken, accounts.InvalidEmail) as error:
            form.email.errors = [str(error)]
        except accounts.InvalidPassword as error:
            form.password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            return _signed_in(user, remember=False)
    return _form_page("auth/register.html", status, form=form, next=_next())


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
        return redirect(_onward())
    form, status = SignInForm(), 422
    if form.validate_on_submit():
        try:
            with limits.sign_in.failures():
                user = accounts.authenticate(form.email.data, form.password.data)
        except accounts.WrongPassword as error:
            form.password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            return _signed_in(user, remember=form.remember.data)
    return _form_page("auth/login.html", status, form=form, next=_next())


def _signed_in(user: User, *, remember: bool) -> ResponseReturnValue:
    session.clear()
    login_user(user, remember=remember)
    return redirect(_onward(), 303)


def _onward() -> str:
    return _next() or url_for("studio.index")


def _next() -> str | None:
    """Where the visitor was going."""
    return local_path(request.args.get("next"))


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out on this device."""
    form = EmptyForm()
    if not form.validate_on_submit():
        raise CSRFError
    logout_user()
    session.clear()
    return redirect(url_for("home.index"), 303)


@bp.route("/name", methods=["GET", "POST"])
@login_required
def name() -> ResponseReturnValue:
    """The account page, and another name."""
    form = NameForm(name=current_user.name)
    if form.validate_on_submit():
        accounts.change_name(current_user.id, form.name.data or "")
        flash(_("Your name is changed."))
        return redirect(url_for("auth.account"), 303)
    return _account_page(form, PasswordForm(formdata=None))


@bp.route("/account", methods=["GET", "POST"])
@login_required
def account() -> ResponseReturnValue:
    """Who is signed in, and another password, which ends every other session."""
    form, status = PasswordForm(), 422
    if form.validate_on_submit():
        try:
            with limits.password.failures():
                user = accounts.change_password(
                    current_user.id, form.current_password.data, form.new_password.data
                )
        except accounts.WrongPassword as error:
            form.current_password.errors = [str(error)]
        except accounts.InvalidPassword as error:
            form.new_password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            login_user(user)
            flash(_("Your password is changed. Other devices are signed out."))
            return redirect(url_for("auth.account"), 303)
    return _account_page(NameForm(formdata=None, name=current_user.name), form, status)


def _account_page(
    name_form: NameForm, password_form: PasswordForm, status: int = 422
) -> ResponseReturnValue:
    forms = {"name_form": name_form, "password_form": password_form}
    return _form_page("auth/account.html", status, **forms)


def _form_page(template: str, refused: int, **context: Any) -> ResponseReturnValue:
    status = refused if request.method == "POST" else 200
    return render_template(template, **context), status
