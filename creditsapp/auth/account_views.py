"""What users know of themselves, and change."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from flask_wtf.csrf import CSRFError

from creditsapp import limits
from creditsapp.auth import bp, sessions
from creditsapp.auth.forms import DeleteForm, EmailForm, EmptyForm, NameForm, PasswordForm
from creditsapp.auth.pages import form_page
from creditsapp.services import accounts, closing, mailboxes, new_passwords
from creditsapp.services import sessions as session_service
from creditsapp.services.addresses import InvalidEmail
from creditsapp.services.passwords import InvalidPassword, WrongPassword
from creditsapp.translation import gettext as _


@bp.route("/name", methods=["GET", "POST"])
@login_required
def name() -> ResponseReturnValue:
    """The account page, and another name."""
    form = NameForm(name=current_user.name)
    if form.validate_on_submit():
        accounts.change_name(current_user.id, form.name.data or "")
        flash(_("Your name is changed."))
        return _back()
    return _account_page(form, PasswordForm(formdata=None))


@bp.route("/account", methods=["GET", "POST"])
@login_required
def account() -> ResponseReturnValue:
    """Who is signed in, and another password, which ends every other session."""
    form, status = PasswordForm(), 422
    if form.validate_on_submit():
        try:
            with limits.password.failures():
                user = new_passwords.change(
                    current_user.id, form.current_password.data, form.new_password.data
                )
        except WrongPassword as error:
            form.current_password.errors = [str(error)]
        except InvalidPassword as error:
            form.new_password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            sessions.go_on(user)
            flash(_("Your password is changed. Other devices are signed out."))
            return _back()
    return _account_page(NameForm(formdata=None, name=current_user.name), form, status)


def _account_page(
    name_form: NameForm, password_form: PasswordForm, status: int = 422
) -> ResponseReturnValue:
    forms = {"name_form": name_form, "password_form": password_form}
    return form_page("auth/account.html", status, **forms)


@bp.route("/email", methods=["GET", "POST"])
@login_required
def email() -> ResponseReturnValue:
    """Ask for another address; the link that is sent there makes the change."""
    form, status = EmailForm(), 422
    if form.validate_on_submit():
        try:
            limits.mail()
            with limits.password.failures():
                mailboxes.ask_for_another(
                    current_user.id, form.email.data, form.current_password.data
                )
        except InvalidEmail as error:
            form.email.errors = [str(error)]
        except WrongPassword as error:
            form.current_password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            flash(_("We have sent a link to your new address. It works for an hour."), "info")
            return _back()
    return form_page("auth/email.html", status, form=form)


@bp.post("/resend")
@login_required
def resend() -> ResponseReturnValue:
    """Send the link that confirms one's address again."""
    if not EmptyForm().validate_on_submit():
        raise CSRFError
    limits.mail()
    mailboxes.send_again(current_user.id)
    flash(_("We have sent you another link. It works for 24 hours."), "info")
    return _back()


@bp.post("/sign-out-everywhere")
@login_required
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of the user, this one too."""
    if not EmptyForm().validate_on_submit():
        raise CSRFError
    session_service.end_all(current_user.id)
    sessions.leave()
    flash(_("You are signed out on all devices."))
    return redirect(url_for("auth.login"), 303)


@bp.route("/delete", methods=["GET", "POST"])
@login_required
def delete() -> ResponseReturnValue:
    """Erase one's own account, after one's password."""
    form, status = DeleteForm(), 422
    if form.validate_on_submit():
        try:
            with limits.password.failures():
                closing.erase_own(current_user.id, form.current_password.data)
        except WrongPassword as error:
            form.current_password.errors = [str(error)]
        except limits.TooManyRequests as error:
            form.form_errors, status = [str(error)], error.status
        else:
            sessions.leave()
            flash(_("Your account is deleted."))
            return redirect(url_for("home.index"), 303)
    return form_page("auth/delete.html", status, form=form)


def _back() -> ResponseReturnValue:
    return redirect(url_for("auth.account"), 303)
