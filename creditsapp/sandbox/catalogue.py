"""The one product that the sandbox sells, as it should be or changed by hand."""

from typing import Any

from creditsapp.sandbox.context import BRAND_ID, BUSINESS_ID
from creditsapp.sandbox.store import Document, Transaction

NAME = "Credits"
DESCRIPTION = "Prepaid credits, one dollar each."
CURRENCY = "USD"
TAX_CATEGORY = "digital_products"
MINIMUM_TOTAL = 50

DEFAULTS: Document = {
    "price": 100,
    "discount": 0,
    "is_recurring": False,
    "pay_what_you_want": False,
    "tax_inclusive": False,
}

_CREATED_AT = "2026-01-01T00:00:00.000000Z"
_KEY = "product_settings"
_MONTHLY = {
    "payment_frequency_count": 1,
    "payment_frequency_interval": "Month",
    "subscription_period_count": 1,
    "subscription_period_interval": "Year",
    "trial_period_days": 0,
}


def settings(tx: Transaction) -> Document:
    """What can be changed about the product."""
    return tx.get("product_settings", _KEY) or DEFAULTS


def changes(tx: Transaction) -> Document:
    """What is not as it should be."""
    now = settings(tx)
    return {name: now[name] for name in DEFAULTS if now[name] != DEFAULTS[name]}


def change(tx: Transaction, wanted: Document) -> Document:
    """Change the product; what is not named becomes as it should be."""
    tx.delete(_KEY)
    changed = {**DEFAULTS, **wanted}
    if changed != DEFAULTS:
        tx.add("product_settings", _KEY, changed)
    return changed


def unit_price(tx: Transaction) -> int:
    """The cents that one costs."""
    now = settings(tx)
    return round(now["price"] * (100 - now["discount"]) / 100)


def product(product_id: str, now: Document) -> dict[str, Any]:
    """The product as Dodo's API shows it."""
    price = {
        "type": "one_time_price",
        "price": now["price"],
        "currency": CURRENCY,
        "discount": now["discount"],
        "purchasing_power_parity": False,
        "tax_inclusive": now["tax_inclusive"],
    }
    if now["is_recurring"]:
        price |= {"type": "recurring_price", **_MONTHLY}
    else:
        price |= {"pay_what_you_want": now["pay_what_you_want"], "suggested_price": None}
    return {
        "product_id": product_id,
        "business_id": BUSINESS_ID,
        "brand_id": BRAND_ID,
        "name": NAME,
        "description": DESCRIPTION,
        "image": None,
        "is_recurring": now["is_recurring"],
        "tax_category": TAX_CATEGORY,
        "price": price,
        "pricing_mode": None,
        "metadata": {},
        "addons": None,
        "credit_entitlements": [],
        "entitlements": [],
        "digital_product_delivery": None,
        "license_key_enabled": False,
        "license_key_activation_message": None,
        "license_key_activations_limit": None,
        "license_key_duration": None,
        "product_collection_id": None,
        "created_at": _CREATED_AT,
        "updated_at": _CREATED_AT,
    }
