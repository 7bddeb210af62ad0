"""Checkout sessions."""

from flask import url_for
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import catalogue, parsing, pricing, sessions, shapes
from creditsapp.sandbox.addresses import webhook_target
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import not_found


@bp.post("/checkouts")
def create_checkout() -> ResponseReturnValue:
    """Open a session and say where it is paid."""
    sandbox = current()
    session = sessions.create(
        sandbox.store,
        parsing.body(),
        product_id=sandbox.product_id,
        webhook_url=webhook_target(),
    )
    session_id = session["session_id"]
    return {
        "session_id": session_id,
        "checkout_url": url_for("checkout.session_page", session_id=session_id, _external=True),
        "payment_id": None,
        "client_secret": None,  # nosec B105 # there is none
        "publishable_key": None,
    }


@bp.post("/checkouts/preview")
def preview_checkout() -> ResponseReturnValue:
    """Show what a session would cost."""
    body = parsing.body()
    with current().store.reading() as tx:
        unit_price = catalogue.unit_price(tx)
    cart = sessions.cart(body, current().product_id, unit_price)
    amounts = pricing.price(cart, unit_price)
    line = {
        **cart[0],
        "name": catalogue.NAME,
        "description": catalogue.DESCRIPTION,
        "addons": None,
        "credit_entitlements": [],
        "currency": catalogue.CURRENCY,
        "og_currency": catalogue.CURRENCY,
        "discounted_price": unit_price,
        "og_price": unit_price,
        "discount_amount": None,
        "discount_cycle": None,
        "is_subscription": False,
        "is_usage_based": False,
        "meters": [],
        "tax": None,
        "tax_category": catalogue.TAX_CATEGORY,
        "tax_inclusive": False,
        "tax_rate": 0,
    }
    return {
        "billing_country": sessions.billing(body)["country"],
        "currency": catalogue.CURRENCY,
        "product_cart": [line],
        "current_breakup": {
            "subtotal": amounts.subtotal,
            "discount": 0,
            "tax": None,
            "total_amount": amounts.total,
        },
        "recurring_breakup": None,
        "total_price": amounts.total,
        "total_tax": None,
        "is_byop": False,
        "payment_method_required": True,
        "next_billing_date": None,
        "tax_id_business_name": None,
        "tax_id_err_msg": None,
        "tax_id_format_name": None,
        "trial_amount": None,
        "trial_period_days": None,
    }


@bp.get("/checkouts/<session_id>")
def checkout_status(session_id: str) -> ResponseReturnValue:
    """Show how far a session has come."""
    with current().store.reading() as tx:
        session = tx.get("session", session_id)
        if session is None:
            raise not_found("checkout session")
        return shapes.session_status(tx, session)
