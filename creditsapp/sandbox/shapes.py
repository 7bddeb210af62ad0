"""Stored documents in the shapes of Dodo's API, except payments."""

from typing import Any

from creditsapp.sandbox.context import BRAND_ID, BUSINESS_ID
from creditsapp.sandbox.store import Document, Transaction


def customer(document: Document) -> dict[str, Any]:
    """A customer."""
    return {
        "customer_id": document["customer_id"],
        "business_id": BUSINESS_ID,
        "email": document["email"],
        "name": document["name"],
        "phone_number": document["phone_number"],
        "metadata": document["metadata"],
        "preferred_locale": None,
        "blocked_at": None,
        "blocklist_entry_id": None,
        "created_at": document["created_at"],
    }


def limited_customer(tx: Transaction, customer_id: str) -> dict[str, Any]:
    """The customer as payments and refunds carry them."""
    document = tx.get("customer", customer_id)
    assert document is not None
    keys = ("customer_id", "email", "name", "phone_number", "metadata")
    return {key: document[key] for key in keys}


def session_status(tx: Transaction, document: Document) -> dict[str, Any]:
    """A checkout session: neither metadata nor amounts, as at Dodo."""
    buyer = tx.get("customer", document["customer_id"])
    return {
        "id": document["session_id"],
        "created_at": document["created_at"],
        "payment_id": document["payment_id"],
        "payment_status": document["payment_status"],
        "customer_email": buyer["email"] if buyer else None,
        "customer_name": buyer["name"] if buyer else None,
    }


def refund_row(document: Document) -> dict[str, Any]:
    """A refund in a list."""
    return {
        "refund_id": document["refund_id"],
        "payment_id": document["payment_id"],
        "business_id": BUSINESS_ID,
        "status": document["status"],
        "amount": document["amount"],
        "currency": document["currency"],
        "is_partial": document["is_partial"],
        "reason": document["reason"],
        "created_at": document["created_at"],
    }


def refund(tx: Transaction, document: Document) -> dict[str, Any]:
    """A refund by itself."""
    return {
        **refund_row(document),
        "brand_id": BRAND_ID,
        "customer": limited_customer(tx, document["customer_id"]),
        "metadata": document["metadata"],
        "network_reference": None,
        "network_reference_type": None,
        "network_reference_updated_at": None,
    }


def dispute_in_payment(document: Document) -> dict[str, Any]:
    """A dispute inside its payment; the amount is a text, as at Dodo."""
    return {
        "dispute_id": document["dispute_id"],
        "payment_id": document["payment_id"],
        "business_id": BUSINESS_ID,
        "amount": str(document["amount"]),
        "currency": document["currency"],
        "dispute_stage": document["dispute_stage"],
        "dispute_status": document["dispute_status"],
        "is_resolved_by_rdr": document["is_resolved_by_rdr"],
        "remarks": None,
        "created_at": document["created_at"],
    }


def dispute_row(document: Document) -> dict[str, Any]:
    """A dispute in a list."""
    row = {**dispute_in_payment(document), "payment_provider": "dodo"}
    del row["remarks"]
    return row


def dispute(tx: Transaction, document: Document) -> dict[str, Any]:
    """A dispute by itself."""
    return {
        **dispute_in_payment(document),
        "brand_id": BRAND_ID,
        "customer": limited_customer(tx, document["customer_id"]),
        "payment_provider": "dodo",
        "reason": "fraudulent",
    }


def webhook(document: Document) -> dict[str, Any]:
    """A webhook endpoint."""
    return {
        "id": document["id"],
        "url": document["url"],
        "description": document["description"],
        "disabled": False,
        "filter_types": document["filter_types"],
        "metadata": document["metadata"],
        "rate_limit": None,
        "created_at": document["created_at"],
        "updated_at": document["created_at"],
    }
