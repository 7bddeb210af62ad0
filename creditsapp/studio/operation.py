"""What a paid operation of the studio is: its form, its price and the work itself."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditsapp.formatting import file_size, number
from creditsapp.prices import Price
from creditsapp.studio.preview import Preview
from creditsapp.translation import gettext as _

MAX_TITLE = 120
MAX_CONTENT = 2_000_000
RESULT_PAGE = "studio/creation.html"


class InvalidInput(Exception):
    """The input cannot be worked on; `fields` maps a field's name to the reason."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in fields.items()))
        self.fields = fields


@dataclass(frozen=True)
class Result:
    """What an operation made: one titled file."""

    title: str
    media_type: str
    extension: str
    content: bytes

    def __post_init__(self) -> None:
        if not self.title or len(self.title) > MAX_TITLE:
            raise ValueError(f"A title has 1 to {MAX_TITLE} characters.")
        if len(self.content) > MAX_CONTENT:
            raise ValueError(f"A result has at most {MAX_CONTENT} bytes.")


def short_title(text: str) -> str:
    """Put a text on one line, cut to the length of a title."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


@dataclass(frozen=True)
class Field:
    """One input of an operation's form."""

    name: str
    label: str
    hint: str = ""
    required: bool = True

    def read(self, raw: Any) -> Any:
        """Return the value of a raw input, or raise ValueError with a reason for people."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """A line of text, or several."""

    max_length: int
    multiline: bool = False
    placeholder: str = ""
    examples: tuple[str, ...] = ()

    def read(self, raw: Any) -> str | None:
        """Return the stripped text; None where an optional one is empty."""
        if not isinstance(raw, str):
            raise ValueError(_("This must be text."))
        text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) > self.max_length:
            raise ValueError(
                _(
                    "At most %(most)s characters; this has %(number)s.",
                    most=number(self.max_length),
                    number=number(len(text)),
                )
            )
        if not self.multiline and "\n" in text:
            raise ValueError(_("This must be on one line."))
        allowed = "\n\t" if self.multiline else ""
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in text if c not in allowed):
            raise ValueError(_("This contains characters that are not text."))
        if not text and self.required:
            raise ValueError(_("This is empty; please fill it in."))
        return text or None


@dataclass(frozen=True, kw_only=True)
class ChoiceField(Field):
    """One of several named values."""

    choices: tuple[tuple[str, str], ...]
    default: str

    def read(self, raw: Any) -> str:
        """Return the chosen value."""
        values = [value for value, _label in self.choices]
        if raw not in values:
            raise ValueError(_("Choose one of: %(values)s.", values=", ".join(values)))
        return str(raw)


@dataclass(frozen=True, kw_only=True)
class UploadField(Field):
    """A file, judged by its content and never by its name."""

    accept: str
    max_bytes: int
    check: Callable[[bytes], Any]

    def read(self, raw: Any) -> Any:
        """Return what `check` makes of the file; None where an optional one is empty."""
        if not isinstance(raw, bytes):
            raise ValueError(_("This must be a file."))
        if not raw and not self.required:
            return None
        if not raw:
            raise ValueError(_("This file is empty; please choose another."))
        if len(raw) > self.max_bytes:
            raise ValueError(
                _("The file is too large; at most %(size)s.", size=file_size(self.max_bytes))
            )
        return self.check(raw)


@dataclass(frozen=True)
class Operation:
    """A paid operation: everything that its form, its button and its card show, and its work."""

    name: str
    title: str
    action: str
    noun: tuple[str, str]
    summary: str
    cost: Price
    fields: tuple[Field, ...]
    run: Callable[..., Result]
    check: Callable[[dict[str, Any]], None] | None = None
    quantity: Callable[[dict[str, Any]], Decimal | int] | None = None
    preview: Callable[[bytes], Preview] | None = None
    about: Callable[[bytes], dict[str, Any]] | None = None
    page: str = RESULT_PAGE
    order: int = 100

    def read(self, raw: Mapping[str, str | bytes]) -> dict[str, Any]:
        """Return the values for `run`; raise InvalidInput with everything that is wrong."""
        errors = {name: _("This is not an input of this operation.") for name in raw}
        values: dict[str, Any] = {}
        for field in self.fields:
            errors.pop(field.name, None)
            try:
                values[field.name] = _read_field(field, raw)
            except ValueError as error:
                errors[field.name] = str(error)
        if errors:
            raise InvalidInput(errors)
        if self.check:
            self.check(values)
        return values


def _read_field(field: Field, raw: Mapping[str, str | bytes]) -> Any:
    if field.name in raw:
        return field.read(raw[field.name])
    if field.required:
        raise ValueError(_("This is missing."))
    return None


def operation(
    *,
    title: str,
    action: str,
    noun: tuple[str, str],
    summary: str,
    cost: Price | Decimal | int,
    fields: list[Field],
    check: Callable[[dict[str, Any]], None] | None = None,
    quantity: Callable[[dict[str, Any]], Decimal | int] | None = None,
    preview: Callable[[bytes], Preview] | None = None,
    about: Callable[[bytes], dict[str, Any]] | None = None,
    page: str = RESULT_PAGE,
    order: int = 100,
) -> Callable[[Callable[..., Result]], Operation]:
    """Make a paid operation of a function; its name becomes the operation's name.

    With a price per unit, `quantity` says how many units the values that were read come to.
    What `about` reads in a result is at hand in `page`, the template of its page.
    """
    price = cost if isinstance(cost, Price) else Price(cost)

    def decorate(run: Callable[..., Result]) -> Operation:
        if price.per and quantity is None:
            raise TypeError(f"{run.__name__}: a price per {price.per} needs quantity=")
        return Operation(
            name=run.__name__,
            title=title,
            action=action,
            noun=noun,
            summary=summary,
            cost=price,
            fields=tuple(fields),
            run=run,
            check=check,
            quantity=quantity,
            preview=preview,
            about=about,
            page=page,
            order=order,
        )

    return decorate
