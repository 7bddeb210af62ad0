"""The one product that the sandbox sells."""

from typing import Any

from creditsapp.sandbox.context import BRAND_ID, BUSINESS_ID

NAME = "Credits"
DESCRIPTION = "Prepaid credits, one dollar each."
UNIT_PRICE = 100
CURRENCY = "USD"
TAX_CATEGORY = "digital_products"
MINIMUM_TOTAL = 50

_CREATED_AT = "2026-01-01T00:00:00.000000Z"


def product(product_id: str) -> dict[str, Any]:
    """The product as Dodo's API shows it."""
    return {
        "product_id": product_id,
        "business_id": BUSINESS_ID,
        "brand_id": BRAND_ID,
        "name": NAME,
        "description": DESCRIPTION,
        "image": None,
        "is_recurring": False,
        "tax_category": TAX_CATEGORY,
        "price": {
            "type": "one_time_price",
            "price": UNIT_PRICE,
            "currency": CURRENCY,
            "discount": 0,
            "purchasing_power_parity": False,
            "tax_inclusive": False,
            "pay_what_you_want": False,
            "suggested_price": None,
        },
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
