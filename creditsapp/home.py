"""The landing page."""

from decimal import Decimal

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from creditsapp.charging import prices
from creditsapp.formatting import dollars
from creditsapp.services.purchases import Offer
from creditsapp.studio.operations import OPERATIONS
from creditsapp.translation import gettext as _
from creditsapp.translation import gettext_noop as N_

bp = Blueprint("home", __name__)

SUMS = (1, 5, 10)
# The operations' own work, made smaller, in static/samples/: themes of "A calm ocean at sunset",
# "Sailing boats on the sea at sunset", that picture as a poster, and a deck of three lines.
SAMPLES = {
    "theme_generation": N_("A page in blue and brown, light and dark, with the colours below it"),
    "image_generation": N_("A sailing boat on a calm sea, the sun setting behind a hill"),
    "image_restyle": N_("The same boat as a poster, in flat reds and violets"),
    "document_conversion": N_("A slide with the words: A plan for spring"),
}


@bp.get("/")
def index() -> ResponseReturnValue:
    """What this is and what it costs, for visitors."""
    if current_user.is_authenticated:
        return redirect(url_for("studio.index"))
    shared = current_app.extensions["creditsapp"]
    offer: Offer = shared.offer
    sums = [each for each in SUMS if offer.minimum <= each <= offer.maximum] or [offer.minimum]
    return render_template(
        "home.html",
        sums=sums,
        samples=SAMPLES,
        example=_example(shared.settings.initial_free_credits, sums[len(sums) // 2], offer),
    )


def _example(welcome: Decimal, paid: int, offer: Offer) -> list[tuple[str, Decimal]]:
    """How a ledger could begin: what comes in, and what the first two operations cost."""
    lines = [(_("Welcome credits"), welcome)] if welcome else []
    lines.append((_("Bought for %(dollars)s", dollars=dollars(paid)), offer.credits(paid)))
    for operation in list(OPERATIONS.values())[:2]:
        cost = prices().price(operation.name).least
        if cost <= sum(amount for _name, amount in lines):
            lines.append((_(operation.title), -cost))
    return lines
