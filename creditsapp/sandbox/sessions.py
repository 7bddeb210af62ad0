"""Checkout sessions: what is to be paid, by whom, and whether it still can be."""

import time
from typing import Any

from creditsapp.sandbox import catalogue, customers, parsing
from creditsapp.sandbox.countries import COUNTRIES
from creditsapp.sandbox.errors import invalid
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Store
from creditsapp.sandbox.times import iso

LIFETIME_SECONDS = 24 * 3600
CONFIRMED_LIFETIME_SECONDS = 15 * 60


def create(store: Store, body: dict[str, Any], *, product_id: str, webhook_url: str) -> Document:
    """Open a session from the body of a checkout request."""
    lifetime = CONFIRMED_LIFETIME_SECONDS if parsing.flag(body, "confirm") else LIFETIME_SECONDS
    session = {
        "session_id": new_id("cks"),
        "created_at": iso(),
        "expires_at": time.time() + lifetime,
        "billing": billing(body),
        "return_url": parsing.web_address(body, "return_url"),
        "cancel_url": parsing.web_address(body, "cancel_url"),
        "metadata": parsing.metadata(body),
        "webhook_url": webhook_url,
        "payment_id": None,
        "payment_status": None,
    }
    with store.transaction() as tx:
        session["product_cart"] = cart(body, product_id, catalogue.unit_price(tx))
        customer = customers.of_checkout(tx, body)
        session["customer_id"] = customer["customer_id"] if customer else None
        tx.add("session", session["session_id"], session)
    return session


def cart(body: dict[str, Any], product_id: str, unit_price: int) -> list[dict[str, Any]]:
    """The cart of a request; lines of the one product are added up."""
    lines = body.get("product_cart")
    if not isinstance(lines, list) or len(lines) > 20:
        raise invalid("product_cart must be a list of at most 20 lines.")
    if not lines:
        raise invalid("product_cart is empty.", "PRODUCT_CART_EMTPY")
    quantity = sum(_quantity(line, product_id) for line in lines)
    # Dodo's amounts have 32 bits; the half leaves room for a tax of 100 %.
    if quantity * unit_price > parsing.INT32_MAX // 2:
        raise invalid("The quantity is too large.")
    if quantity * unit_price < catalogue.MINIMUM_TOTAL:
        raise invalid(
            "The total is below the minimum.", "TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT"
        )
    return [{"product_id": product_id, "quantity": quantity}]


def _quantity(line: Any, product_id: str) -> int:
    if not isinstance(line, dict):
        raise invalid("A line of product_cart must be an object.")
    wanted = parsing.required_text(line, "product_id")
    quantity = parsing.integer(line, "quantity", minimum=1)
    if quantity is None:
        raise invalid("quantity is required.")
    if wanted != product_id:
        raise invalid(f"Product {wanted} does not exist.", "MISSING_PRODUCT_INFORMATION")
    return quantity


def billing(body: dict[str, Any]) -> dict[str, Any]:
    """The billing address of a request; the United States without one."""
    address = parsing.section(body, "billing_address")
    country = parsing.text(address, "country", limit=2) or "US"
    if country not in COUNTRIES:
        raise invalid("This country is not supported.", "UNSUPPORTED_COUNTRY")
    lines = {name: parsing.text(address, name) for name in ("city", "state", "street", "zipcode")}
    return {"country": country, **lines}


def is_consumed(session: Document) -> bool:
    """Whether a payment went through, or is on its way."""
    return session["payment_status"] in ("succeeded", "processing")


def is_expired(session: Document) -> bool:
    """Whether it is too late to pay."""
    return time.time() >= session["expires_at"]
