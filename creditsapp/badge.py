"""What every page shows of its reader: the balance, and which of three states it is in."""

from decimal import Decimal
from typing import Any

from flask import Flask, request
from flask_login import current_user

from creditsapp.charging import prices
from creditsapp.services import ledger

LOW_BALANCE = Decimal(5)
_KEPT = "creditsapp.badge"


def init_app(app: Flask) -> None:
    """Make it, and what every page may say, known to the templates."""
    shared = app.extensions["creditsapp"]
    app.context_processor(
        lambda: {
            "badge": badge,
            "current_user": current_user,  # asks the database only when it is looked at
            "offer": shared.offer,
            "settings": shared.settings,
        }
    )


def badge() -> dict[str, Any]:
    """The signed-in user's balance, below what it is low, and which of three states it is in.

    A page reads it once, so that it never shows two.
    """
    kept = request.environ
    if _KEPT not in kept:
        kept[_KEPT] = _read()
    found: dict[str, Any] = kept[_KEPT]
    return found


def _read() -> dict[str, Any]:
    found = ledger.balance(current_user.id)
    low = max(LOW_BALANCE, prices().cheapest())
    state = "empty" if found.available <= 0 else "low" if found.available < low else "normal"
    return {"balance": found, "low": low, "state": state}
