"""The filter of the ledger, as it stands in an address."""

import unicodedata
from datetime import timedelta, tzinfo
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, Field, SelectChoice, SelectField, StringField, ValidationError
from wtforms.validators import Length, Optional

from creditsapp.credits.words import KINDS, operation_title
from creditsapp.services.periods import midnight
from creditsapp.services.wanted import Wanted
from creditsapp.studio.operations import OPERATIONS
from creditsapp.translation import gettext as _

LONGEST = 100
YEARS = range(2000, 3000)


def _is_text(_form: FlaskForm, field: Field) -> None:
    """Refuse what no text field can send; a database may not even take it."""
    kept = "".join(char for char in field.data if unicodedata.category(char) not in ("Cc", "Cs"))
    if kept != field.data:
        field.data = kept
        raise ValidationError(
            _("“%(field)s” holds characters that are not text.", field=field.label.text)
        )


class DayField(DateField):
    """A calendar day that entries can be of."""

    def _value(self) -> str:
        return str(self.data or "")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it; raise ValueError in our words."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
        if valuelist and (self.data is None or self.data.year not in YEARS):
            self.data = None
            raise ValueError(
                _("“%(field)s” has to be a day such as 2026-03-31.", field=self.label.text)
            )


class FilterForm(FlaskForm):
    """Which entries to show; what is left empty does not matter."""

    class Meta:
        csrf = False

    type = SelectField(
        lazy_gettext("Kind"),
        choices=[
            SelectChoice("", lazy_gettext("All")),
            *(SelectChoice(kind, word) for kind, word in KINDS.items()),
        ],
        invalid_choice_message=lazy_gettext("Choose one of the kinds of entries."),
        default="",
    )
    operation = SelectField(
        lazy_gettext("Operation"),
        [
            Optional(),
            _is_text,
            Length(max=64, message=lazy_gettext("Choose one of the operations.")),
        ],
        choices=[],
        validate_choice=False,
        default="",
    )
    since = DayField(lazy_gettext("From"), [Optional()], name="from")
    until = DayField(lazy_gettext("To"), [Optional()], name="to")
    q = StringField(
        lazy_gettext("Text in the description"),
        [
            Optional(),
            _is_text,
            Length(max=LONGEST, message=lazy_gettext("The text has at most %(max)d characters.")),
        ],
        filters=[lambda typed: typed and typed.strip()],
    )

    def validate_until(self, field: Field) -> None:
        """The last day is not before the first."""
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("“To” is before “From”."))

    @property
    def address(self) -> dict[str, str]:
        """What is asked for, as an address has it."""
        return {each.name: str(each.data) for each in self if each.data}

    def wanted(self, zone: tzinfo) -> Wanted:
        """What is asked for, with the days of a time zone."""
        first, last = self.since.data, self.until.data
        return Wanted(
            type=self.type.data or None,
            operation=self.operation.data or None,
            words=self.q.data or "",
            since=first and midnight(first, zone),
            until=last and midnight(last + timedelta(days=1), zone),
        )

    def offer(self, entries: list[Any]) -> None:
        """Let all operations be chosen that are sold, asked for or seen."""
        seen = [entry.operation for entry in entries]
        names = dict.fromkeys([*OPERATIONS, *sorted(filter(None, {*seen, self.operation.data}))])
        self.operation.choices = [
            SelectChoice("", _("All")),
            *(SelectChoice(name, operation_title(name)) for name in names),
        ]
