"""The account forms."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, IntegerField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from creditsapp.services.accounts import LONGEST_NAME
from creditsapp.services.passwords import LENGTHS

MOST_ALERT = 1_000_000
_EMAIL = InputRequired(_("Enter your e-mail address."))
_NAME = [Optional(), Length(max=LONGEST_NAME, message=_("A name has at most %(max)d characters."))]
_PASSWORD = InputRequired(_("Enter your password."))
_NEW_PASSWORD = [
    InputRequired(_("Choose a password.")),
    Length(*LENGTHS, _("A password has %(min)d to %(max)d characters.")),
]


class RegisterForm(FlaskForm):
    """A new account."""

    name = StringField(_("Your name"), _NAME)
    email = EmailField(_("E-mail address"), [_EMAIL])
    password = PasswordField(_("Password"), _NEW_PASSWORD)


class SignInForm(FlaskForm):
    """Somebody who has an account."""

    email = EmailField(_("E-mail address"), [_EMAIL])
    password = PasswordField(_("Password"), [_PASSWORD])
    remember = BooleanField(_("Keep me signed in on this device"))


class NameForm(FlaskForm):
    """Another name, or none."""

    name = StringField(_("Your name"), _NAME)


class PasswordForm(FlaskForm):
    """Another password."""

    current_password = PasswordField(_("Current password"), [_PASSWORD])
    new_password = PasswordField(_("New password"), _NEW_PASSWORD)


class ForgotForm(FlaskForm):
    """Somebody who cannot sign in."""

    email = EmailField(_("E-mail address"), [_EMAIL])


class ResetForm(FlaskForm):
    """A new password, by a link."""

    new_password = PasswordField(_("New password"), _NEW_PASSWORD)


class ConfirmForm(FlaskForm):
    """The password of a registration that another browser may have sent."""

    password = PasswordField(_("Password that you chose"), [_PASSWORD])


class EmailForm(FlaskForm):
    """Another address."""

    email = EmailField(_("New e-mail address"), [_EMAIL])
    current_password = PasswordField(_("Current password"), [_PASSWORD])


class DeleteForm(FlaskForm):
    """The end of an account."""

    current_password = PasswordField(_("Your password"), [_PASSWORD])


class AlertsForm(FlaskForm):
    """A balance below which a mail is wanted; 0 for none."""

    credits = IntegerField(
        _("Tell me when my balance falls below"), [InputRequired(), NumberRange(0, MOST_ALERT)]
    )


class EmptyForm(FlaskForm):
    """A button that changes something: the CSRF token and nothing else."""
