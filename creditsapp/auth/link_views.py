"""Links that were sent by mail; to open one changes nothing, as mail scanners open them, too."""

from typing import Any

from flask import (
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError

from creditsapp import limits, tokens
from creditsapp.auth import bp, sessions
from creditsapp.auth.forms import ConfirmForm, EmptyForm, ForgotForm, ResetForm
from creditsapp.auth.pages import alert_below, bonus, form_page, tell_of_credits
from creditsapp.models import AccountLink
from creditsapp.services import links, mailboxes, new_passwords, registration
from creditsapp.services.accounts import EmailTaken
from creditsapp.services.links import DeadLink
from creditsapp.services.passwords import InvalidPassword, WrongPassword
from creditsapp.translation import gettext as _

REGISTERED_HERE = "registered"  # in the session: the link that this browser asked for


@bp.get("/sent/<what>")
def sent(what: str) -> ResponseReturnValue:
    """Say that a mail is on its way, in the same words for every address."""
    if what not in ("register", "reset"):
        abort(404)
    return render_template("auth/sent.html", what=what)


@bp.route("/verify/<token>", methods=["GET", "POST"])
def verify(token: str) -> ResponseReturnValue:
    """Confirm an address: of a new account, of one that has it, or of one that will."""
    link = _link(token, *_CONFIRMED)
    strange = link.purpose == "register" and session.get(REGISTERED_HERE) != link.id
    form = ConfirmForm() if strange else EmptyForm()
    if form.validate_on_submit():
        try:
            return _CONFIRMED[link.purpose](link, form)
        except WrongPassword as error:
            form.password.errors = [str(error)]
    return _secret_page("auth/verify.html", form=form, link=link, token=token)


def _new_account(link: AccountLink, form: FlaskForm) -> ResponseReturnValue:
    typed = form.password.data if isinstance(form, ConfirmForm) else None
    user = registration.confirm(link, bonus(), password=typed, alert_below=alert_below())
    sessions.begin(user, remember=False)
    tell_of_credits(user)
    return redirect(url_for("studio.index"), 303)


def _own_address(link: AccountLink, _form: FlaskForm) -> ResponseReturnValue:
    tell_of_credits(mailboxes.verify(link, bonus()))
    return redirect(url_for("auth.account"), 303)


def _other_address(link: AccountLink, _form: FlaskForm) -> ResponseReturnValue:
    here = current_user.is_authenticated and current_user.id == link.user_id
    user = mailboxes.change(link)
    if here:
        sessions.go_on(user)
    flash(_("Your e-mail address is changed. Other devices are signed out."))
    return redirect(url_for("auth.account"), 303)


_CONFIRMED = {"register": _new_account, "verify": _own_address, "email": _other_address}


@bp.route("/forgot", methods=["GET", "POST"])
def forgot() -> ResponseReturnValue:
    """Ask for a link that sets a new password."""
    form, status = ForgotForm(), 422
    if form.validate_on_submit():
        try:
            limits.reset()
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            new_passwords.ask(form.email.data)
            return redirect(url_for("auth.sent", what="reset"), 303)
    return form_page("auth/forgot.html", status, form=form)


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """Set a new password; then one signs in with it (OWASP Forgot Password Cheat Sheet)."""
    link = _link(token, "reset")
    form = ResetForm()
    if form.validate_on_submit():
        try:
            new_passwords.reset(link, form.new_password.data)
        except InvalidPassword as error:
            form.new_password.errors = [str(error)]
        else:
            sessions.leave()
            flash(_("Your password is changed, and all devices are signed out. Please sign in."))
            return redirect(url_for("auth.login"), 303)
    return _secret_page("auth/reset.html", form=form, link=link, token=token)


def _link(token: str, *purposes: str) -> AccountLink:
    """The link that a token opens, for one of these purposes; raise DeadLink, or CSRFError."""
    limits.link()
    try:
        link = links.find(tokens.link_id(token))
        if link.purpose not in purposes:
            raise DeadLink("unknown")
    except DeadLink:
        if request.method == "POST" and not EmptyForm().validate():
            raise CSRFError from None
        raise
    return link


def _secret_page(template: str, **context: Any) -> ResponseReturnValue:
    """A page whose address nobody else may learn."""
    response = make_response(form_page(template, **context))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.errorhandler(DeadLink)
def dead(error: DeadLink) -> ResponseReturnValue:
    """A link that does not work, or not any more."""
    response = make_response(_secret_page("auth/dead_link.html", why=error.why, of=error.purpose))
    if request.method != "POST":
        response.status_code = DeadLink.status
    return response


@bp.errorhandler(EmailTaken)
def too_late(error: EmailTaken) -> ResponseReturnValue:
    """Somebody has the address that was to be confirmed: an account was made since."""
    return dead(DeadLink("taken"))
