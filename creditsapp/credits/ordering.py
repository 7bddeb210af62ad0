"""One way to order credits, for the form and for the JSON interface, and the way back."""

from typing import Any

from flask import current_app, request
from flask_login import current_user

from creditsapp import limits
from creditsapp.dodo import dodo_client
from creditsapp.dodo.client import Buyer
from creditsapp.models import Purchase
from creditsapp.services import checkout
from creditsapp.settings import Settings


def place_order(dollars: Any, *, key: str | None, return_to: str | None) -> Purchase:
    """Order credits for the signed-in user; raise TooManyRequests, or as `checkout.order` does."""
    limits.purchase()
    address = own_address()
    return checkout.order(
        dodo_client(),
        current_app.extensions["creditsapp"].offer,
        Buyer(current_user.id, current_user.email, current_user.name),
        dollars,
        checkout.Pages(
            success=address + "/credits/success?purchase={purchase_id}",
            cancel=address + "/credits/purchase?cancelled={purchase_id}",
        ),
        key=key,
        return_to=return_to,
    )


def own_address() -> str:
    """Where buyers come back to."""
    settings: Settings = current_app.extensions["creditsapp"].settings
    return settings.app_base_url or request.host_url.rstrip("/")
