"""The account forms."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, Optional

_NEW_PASSWORD = Length(8, 128, "A password has 8 to 128 characters.")


class RegisterForm(FlaskForm):
    """A new account."""

    name = StringField("Your name", [Optional(), Length(max=120)])
    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address.")])
    password = PasswordField("Password", [InputRequired("Choose a password."), _NEW_PASSWORD])


class SignInForm(FlaskForm):
    """Somebody who has an account."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address.")])
    password = PasswordField("Password", [InputRequired("Enter your password.")])
    remember = BooleanField("Keep me signed in on this device")


class PasswordForm(FlaskForm):
    """Another password."""

    current_password = PasswordField("Current password", [InputRequired("Enter your password.")])
    new_password = PasswordField(
        "New password", [InputRequired("Choose a password."), _NEW_PASSWORD]
    )


class EmptyForm(FlaskForm):
    """A button that changes something: the CSRF token and nothing else."""
