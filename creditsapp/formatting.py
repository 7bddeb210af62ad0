"""How amounts, money and times are written for people, in their language."""

from datetime import UTC, date, datetime, tzinfo
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit
from flask import Flask, request
from markupsafe import Markup, escape

from creditsapp.cookies import cookie_name
from creditsapp.models.types import FINEST
from creditsapp.translation import gettext as _
from creditsapp.translation import locale, ngettext, plural

if TYPE_CHECKING:
    from creditsapp.prices import Price

_EXACT = Context(prec=40)
# ISO 4217; all other currencies have two. What CLDR shows of them is another number.
_DECIMALS = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
) | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
MINUS = "\N{MINUS SIGN}"
CREDITS = plural("{n} credit", "{n} credits")


def init_app(app: Flask) -> None:
    """Make the filters known to the templates."""
    written = ("number", "signed", "counted", "price", "money", "dollars")
    for name in (*written, "file_size", "moment", "day"):
        app.jinja_env.filters[name] = globals()[name]
    app.jinja_env.filters["credits"] = credit_count
    app.jinja_env.globals.update(CREDITS=CREDITS, plural=plural, patterns=patterns)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def number(amount: Decimal | int) -> str:
    """An amount without trailing zeros, grouped by thousands, with a true minus sign."""
    with localcontext(_EXACT):  # a caller's own context may round
        return format_decimal(amount, "#,##0.####", locale()).replace("-", MINUS)


def signed(amount: Decimal | int) -> str:
    """An amount with its sign, always."""
    return ("+" if amount > 0 else "") + number(amount)


def counted(count: Decimal | int, forms: tuple[str, str]) -> str:
    """A number in the form of a text that it needs: "1 image", "4 images"."""
    return _form(forms, 1 if count == 1 else 2).replace("{n}", number(count))


def patterns(forms: tuple[str, str]) -> Markup:
    """Both forms of a text as attributes, for the script to write newer numbers."""
    return Markup('data-one="{}" data-other="{}"').format(_form(forms, 1), _form(forms, 2))


def _form(forms: tuple[str, str], count: int) -> str:
    """The form for a number, with {n} where the number goes: before a noun, unless it says."""
    form = ngettext(*forms, count)
    return form if "{n}" in form else f"{{n}} {form}"


def credit_count(amount: Decimal | int) -> str:
    """An amount with its word: "1 credit", "45.2 credits"."""
    return counted(amount, CREDITS)


def price(listed: "Price") -> str:
    """A price: "5 credits", "0.2 credits per page, rounded up to whole credits"."""
    words = credit_count(listed.credits)
    if not listed.per:
        return words
    if listed.step == FINEST:
        return _("%(price)s per %(unit)s", price=words, unit=_(listed.per))
    if listed.step == 1:
        return _(
            "%(price)s per %(unit)s, rounded up to whole credits",
            price=words,
            unit=_(listed.per),
        )
    return _(
        "%(price)s per %(unit)s, rounded up to multiples of %(step)s",
        price=words,
        unit=_(listed.per),
        step=credit_count(listed.step),
    )


def money(minor_units: int, currency: str = "USD") -> str:
    """Minor units of a currency, with as many decimals as it has: "$5.00", "¥757"."""
    decimals = _DECIMALS.get(currency, 2)
    with localcontext(_EXACT):
        amount = Decimal(minor_units).scaleb(-decimals)
        written = format_currency(
            amount, currency, _pattern(decimals), locale(), currency_digits=False
        )
    return written.replace("-", MINUS)


def dollars(amount: int) -> str:
    """Whole dollars: "$5", "$1,000"."""
    return format_currency(amount, "USD", _pattern(0), locale(), currency_digits=False)


def _pattern(decimals: int) -> str:
    """How the language writes money, with so many decimals."""
    places = "." + "0" * decimals if decimals else ""
    return locale().currency_formats["standard"].pattern.replace(".00", places)


def file_size(count: int) -> str:
    """A number of bytes, rounded up: "1 kB", "240 kB", "1.2 MB"."""
    if count < 10**6:
        return format_unit(-(-count // 10**3), "digital-kilobyte", "short", locale=locale())
    tenths = Decimal(-(-count // 10**5)) / 10
    return format_unit(tenths, "digital-megabyte", "short", "#,##0.#", locale())


def moment(time: datetime) -> Markup:
    """A `<time>` in UTC, which the script shows in the reader's zone."""
    utc = time.astimezone(UTC)
    clock = format_time(utc, "short", locale=_region())
    words = f"{format_date(utc, 'medium', _region())}, {clock} UTC"
    return Markup('<time datetime="{}" data-controller="local-time">{}</time>').format(
        utc.isoformat(timespec="seconds"), escape(words)
    )


def day(date: date) -> str:
    """A calendar day of these weeks: "3 Mar"."""
    return format_skeleton("MMMd", date, locale=_region())


def _region() -> Locale:
    """The language of dates; in English the day before the month, which most readers share."""
    return Locale("en", "GB") if locale().language == "en" else locale()


def iso(moment: datetime) -> str:
    """A time for machines: ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reader_zone() -> tzinfo:
    """The reader's time zone, as the script keeps it in a cookie; UTC until it is known."""
    try:
        return ZoneInfo(request.cookies.get(cookie_name("zone"), "UTC"))
    except (OSError, ValueError, LookupError):
        return UTC
