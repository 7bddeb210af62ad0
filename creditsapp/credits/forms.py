"""The forms: a purchase, and a button."""

import re
import secrets

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Regexp


class PurchaseForm(FlaskForm):
    """Whole dollars; the key makes a double click one purchase."""

    dollar_amount = StringField(
        lazy_gettext("Dollars"),
        [
            InputRequired(lazy_gettext("Choose how many dollars.")),
            Regexp(r"[0-9]{1,7}\Z", message=lazy_gettext("Choose a whole number of dollars.")),
        ],
    )
    form_key = HiddenField(
        default=lambda: secrets.token_urlsafe(18),
        validators=[
            Regexp(
                r"[!-~]{1,240}\Z",
                message=lazy_gettext("This form is broken; please reload it."),
            )
        ],
    )
    next = HiddenField()

    @property
    def number(self) -> str:
        """The dollars as they were typed, if they are a number that an input can show."""
        typed = self.dollar_amount.data or ""
        return typed if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", typed) else ""


class PortalForm(FlaskForm):
    """The way to Dodo's portal: the CSRF token and nothing else."""
