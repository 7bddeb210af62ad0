"""Coming in, and leaving."""

from flask import current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError

from creditsapp import limits
from creditsapp.auth import bp, sessions
from creditsapp.auth.forms import EmptyForm, RegisterForm, SignInForm
from creditsapp.auth.link_views import REGISTERED_HERE
from creditsapp.auth.pages import alert_below, bonus, form_page, tell_of_welcome
from creditsapp.models import User
from creditsapp.navigation import local_path
from creditsapp.services import accounts, registration
from creditsapp.services.accounts import EmailTaken
from creditsapp.services.addresses import InvalidEmail
from creditsapp.services.passwords import InvalidPassword, WrongPassword
from creditsapp.services.registration import Applicant
from creditsapp.translation import locale


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account and sign in, or send the link that does."""
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(_onward())
    form, status = RegisterForm(), 422
    if form.validate_on_submit():
        applicant = Applicant(
            form.email.data, form.password.data, form.name.data or "", locale().language
        )
        try:
            limits.register()
            return _registered(applicant)
        except (EmailTaken, InvalidEmail) as error:
            form.email.errors = [str(error)]
        except InvalidPassword as error:
            form.password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
    return form_page("auth/register.html", status, form=form, next=_next())


def _registered(applicant: Applicant) -> ResponseReturnValue:
    if current_app.extensions["creditsapp"].settings.welcome_requires_verified_email:
        session[REGISTERED_HERE] = registration.apply(applicant)
        return redirect(url_for("auth.sent", what="register"), 303)
    user = registration.sign_up(applicant, bonus(), alert_below=alert_below())
    signed_in = _signed_in(user, remember=False)
    tell_of_welcome(user)
    return signed_in


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in."""
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(_onward())
    form, status = SignInForm(), 422
    if form.validate_on_submit():
        try:
            with limits.sign_in.failures():
                user = accounts.authenticate(
                    form.email.data, form.password.data, language=locale().language
                )
        except WrongPassword as error:
            form.password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            return _signed_in(user, remember=form.remember.data)
    return form_page("auth/login.html", status, form=form, next=_next())


def _signed_in(user: User, *, remember: bool) -> ResponseReturnValue:
    sessions.begin(user, remember=remember)
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
    sessions.end()
    return redirect(url_for("home.index"), 303)
