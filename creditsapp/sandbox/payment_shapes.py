"""Stored payments in the shapes of Dodo's API, with their refunds and disputes."""

from decimal import Decimal
from typing import Any

from creditsapp.sandbox import catalogue, refunds, shapes
from creditsapp.sandbox.context import BRAND_ID, BUSINESS_ID
from creditsapp.sandbox.store import Document, Transaction

# What a one-time payment without 3DS says about subscriptions and 3DS.
_ONE_TIME = {
    "subscription_id": None,
    "subscription_ids": [],
    "is_multi_subscription": False,
    "service_periods": [],
    "includes_usage": False,
    "charge_type": None,
    "retry_attempt": 0,
    "three_ds_flow": None,
    "three_ds_status": None,
    "three_ds_version": None,
}


def payment_row(tx: Transaction, document: Document) -> dict[str, Any]:
    """A payment in a list."""
    disputes = tx.children("dispute", document["payment_id"])
    card = document["card"]
    return {
        "payment_id": document["payment_id"],
        "brand_id": BRAND_ID,
        "status": document["status"],
        "total_amount": document["total_amount"],
        "currency": document["currency"],
        "created_at": document["created_at"],
        "customer": shapes.limited_customer(tx, document["customer_id"]),
        "metadata": document["metadata"],
        "checkout_session_id": document["session_id"],
        "refund_status": refunds.status_of(tx, document),
        "dispute_status": disputes[-1]["dispute_status"] if disputes else None,
        "payment_method": "card",
        "payment_method_type": card["card_network"],
        "card_last_four": card["card_last_four"],
        "card_network": card["card_network"],
        "card_type": card["card_type"],
        "card_exp_month": card["card_exp_month"],
        "card_exp_year": card["card_exp_year"],
        "digital_products_delivered": False,
        "has_license_key": False,
        "invoice_id": document["invoice_id"],
        "invoice_url": document["invoice_url"],
        "payment_provider": "dodo",
        **_ONE_TIME,
    }


def payment(tx: Transaction, document: Document) -> dict[str, Any]:
    """A payment by itself, with every key that Dodo sends."""
    payment_id = document["payment_id"]
    discounts = _discounts(document)
    return {
        "payment_id": payment_id,
        "business_id": document["business_id"],
        "brand_id": BRAND_ID,
        "status": document["status"],
        "total_amount": document["total_amount"],
        "tax": document["tax"],
        "currency": document["currency"],
        "settlement_amount": document["settlement_amount"],
        "settlement_tax": document["settlement_tax"],
        "settlement_currency": document["settlement_currency"],
        "created_at": document["created_at"],
        "updated_at": document["updated_at"],
        "customer": shapes.limited_customer(tx, document["customer_id"]),
        "billing": document["billing"],
        "metadata": document["metadata"],
        "checkout_session_id": document["session_id"],
        "product_cart": document["product_cart"],
        "refunds": [shapes.refund_row(each) for each in tx.children("refund", payment_id)],
        "refund_status": refunds.status_of(tx, document),
        "disputes": [
            shapes.dispute_in_payment(each) for each in tx.children("dispute", payment_id)
        ],
        "error_code": document["error_code"],
        "error_message": document["error_message"],
        "payment_link": document["payment_link"],
        "payment_method": "card",
        "payment_method_id": None,
        "payment_method_type": document["card"]["card_network"],
        **document["card"],
        "invoice_id": document["invoice_id"],
        "invoice_url": document["invoice_url"],
        "payment_provider": "dodo",
        "discounts": discounts,
        "discount_id": discounts[0]["discount_id"] if discounts else None,
        "custom_field_responses": None,
        "digital_products_delivered": False,
        "is_update_payment_method": False,
        **_ONE_TIME,
    }


def _discounts(document: Document) -> list[dict[str, Any]] | None:
    """The one code that was used, with its amount in basis points."""
    rate = Decimal(document["discount_rate"])
    if not rate:
        return None
    percent = f"{rate.normalize():f}"
    return [
        {
            "discount_id": f"dsc_sandbox_{percent.replace('.', '_')}",
            "business_id": BUSINESS_ID,
            "type": "percentage",
            "code": f"OFF{percent}",
            "name": f"{percent} % off",
            "amount": int(rate * 100),
            "position": 0,
            "times_used": 1,
            "usage_limit": None,
            "restricted_to": [],
            "metadata": {},
            "preserve_on_plan_change": False,
            "subscription_cycles": None,
            "cycles_remaining": None,
            "created_at": document["created_at"],
            "expires_at": None,
        }
    ]


def line_items(tx: Transaction, document: Document) -> dict[str, Any]:
    """What was bought and how much of it can still be refunded: always one line here."""
    tax = document["tax"] or 0
    return {
        "currency": document["currency"],
        "partial_refund_allowed": True,
        "items": [
            {
                "items_id": document["product_cart"][0]["product_id"],
                "name": catalogue.NAME,
                "description": catalogue.DESCRIPTION,
                "amount": document["total_amount"] - tax,
                "tax": tax,
                "refundable_amount": refunds.refundable(tx, document),
            }
        ],
    }
