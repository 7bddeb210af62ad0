"""What the account's pages share: forms that nobody keeps, and the words on welcome credits."""

from decimal import Decimal
from typing import Any

from flask import current_app, flash, render_template, request
from flask.typing import ResponseReturnValue

from creditsapp.formatting import credit_count
from creditsapp.models import User
from creditsapp.services.welcome import Bonus, network_of
from creditsapp.translation import gettext as _


def form_page(template: str, refused: int = 422, **context: Any) -> ResponseReturnValue:
    """A page with a form: new, or refused with a status and shown again."""
    status = refused if request.method == "POST" else 200
    return render_template(template, **context), status


def bonus() -> Bonus:
    """The welcome credits there are for whoever sends this request."""
    settings = current_app.extensions["creditsapp"].settings
    return Bonus(
        settings.initial_free_credits,
        network_of(request.remote_addr),
        settings.welcome_credits_per_network,
    )


def alert_below() -> Decimal:
    """Below which balance a new user is told so by mail."""
    threshold: Decimal = current_app.extensions["creditsapp"].settings.low_balance_credits
    return threshold


def tell_of_welcome(user: User) -> None:
    """Say what became of the welcome credits, where that is not what was announced."""
    words = {
        "repeated": _(
            "You have had welcome credits before, perhaps with another spelling of your address,"
            " so there are none this time. Everything else works."
        ),
        "network": _(
            "Many accounts were made from your network today, so there are no welcome credits"
            " with this one. Everything else works."
        ),
    }
    if user.welcome in words:
        flash(words[user.welcome], "info")


def tell_of_credits(user: User) -> None:
    """Say that an address is confirmed, and what came of it."""
    if user.welcome == "given":
        amount = credit_count(bonus().amount)
        flash(_("Your address is confirmed. You begin with %(credits)s.", credits=amount))
    else:
        flash(_("Your address is confirmed."))
    tell_of_welcome(user)
