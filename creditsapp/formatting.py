"""How amounts, money and times are written for people."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_currency, get_currency_precision
from flask import Flask, request
from flask_login import current_user
from markupsafe import Markup, escape

from creditsapp.charging import prices
from creditsapp.models.types import FINEST, exact, format_credits
from creditsapp.prices import Price
from creditsapp.services import ledger

MINUS = "\N{MINUS SIGN}"
LOW_BALANCE = Decimal(5)


def init_app(app: Flask) -> None:
    """Make the filters, and what every page shows, known to the templates."""
    shared = app.extensions["creditsapp"]
    app.context_processor(
        lambda: {
            "badge": badge,
            "current_user": current_user,  # asks the database only when it is looked at
            "offer": shared.offer,
            "settings": shared.settings,
        }
    )
    for name in ("number", "signed", "price", "money", "moment", "counted"):
        app.jinja_env.filters[name] = globals()[name]
    app.jinja_env.filters["credits"] = credit_count
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def badge() -> dict[str, Any]:
    """The signed-in user's balance, below what it is low, and which of three states it is in."""
    found = ledger.balance(current_user.id)
    low = max(LOW_BALANCE, prices().cheapest())
    state = "empty" if found.available <= 0 else "low" if found.available < low else "normal"
    return {"balance": found, "low": low, "state": state}


def number(amount: Decimal | int) -> str:
    """An amount without trailing zeros, grouped by thousands, with a true minus sign."""
    return f"{exact(Decimal(amount)):,}".replace("-", MINUS)


def signed(amount: Decimal | int) -> str:
    """An amount with its sign, always."""
    return ("+" if amount > 0 else "") + number(amount)


def credit_count(amount: Decimal | int) -> str:
    """An amount with its word: "1 credit", "45.2 credits"."""
    return format_credits(Decimal(amount)).replace("-", MINUS)


def price(listed: Price) -> str:
    """A price: "5 credits", "0.2 credits per page, rounded up to whole credits"."""
    words = credit_count(listed.credits)
    if listed.per:
        words += f" per {listed.per}"
    if listed.step == 1:
        words += ", rounded up to whole credits"
    elif listed.step != FINEST:
        words += f", rounded up to multiples of {credit_count(listed.step)}"
    return words


def counted(count: int, noun: tuple[str, str]) -> str:
    """A count with the right form of its noun: "1 image", "4 images"."""
    return f"{number(count)} {noun[0] if count == 1 else noun[1]}"


def money(minor_units: int, currency: str = "USD") -> str:
    """Minor units of a currency, with as many decimals as it has: "$5.00", "¥757"."""
    amount = Decimal(minor_units).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale="en_US").replace("-", MINUS)


def moment(time: datetime) -> Markup:
    """A `<time>` in UTC, which the script shows in the reader's zone."""
    utc = time.astimezone(UTC)
    return Markup('<time datetime="{}" data-controller="local-time">{}</time>').format(
        utc.isoformat(timespec="seconds"), escape(f"{utc:%d %b %Y, %H:%M} UTC")
    )


def iso(moment: datetime) -> str:
    """A time for machines: ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reader_zone() -> tzinfo:
    """The reader's time zone, as the script keeps it in a cookie; UTC until it is known."""
    try:
        return ZoneInfo(request.cookies.get("zone", "UTC"))
    except (OSError, ValueError, LookupError):
        return UTC
