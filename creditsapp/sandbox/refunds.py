"""Refunds: all or part of a payment, at once."""

from typing import Any

from creditsapp.sandbox import outbox
from creditsapp.sandbox.errors import ApiError, not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Store, Transaction
from creditsapp.sandbox.times import iso


def create(
    store: Store,
    payment_id: str,
    *,
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> Document:
    """Refund `amount` cents, tax included, or whatever is left; raise ApiError."""
    with store.transaction() as tx:
        payment = tx.get("payment", payment_id)
        if payment is None:
            raise not_found("payment")
        refund = _refund(tx, payment, amount, reason, metadata or {})
        tx.add("refund", refund["refund_id"], refund, parent=payment_id)
        outbox.add(
            tx,
            "refund.succeeded",
            resource_id=refund["refund_id"],
            payment_id=payment_id,
            url=payment["webhook_url"],
        )
    return refund


def refundable(tx: Transaction, payment: Document) -> int:
    """The cents of a payment that have not been refunded."""
    if payment["status"] != "succeeded":
        return 0
    refunded = sum(refund["amount"] for refund in tx.children("refund", payment["payment_id"]))
    return payment["total_amount"] - refunded


def status_of(tx: Transaction, payment: Document) -> str | None:
    """`partial` or `full`, or None before the first refund."""
    if not tx.children("refund", payment["payment_id"]):
        return None
    return "partial" if refundable(tx, payment) else "full"


def _refund(
    tx: Transaction,
    payment: Document,
    amount: int | None,
    reason: str | None,
    metadata: dict[str, Any],
) -> Document:
    if payment["status"] != "succeeded":
        raise ApiError(400, "PAYMENT_NOT_SUCCEEDED", "Only a succeeded payment can be refunded.")
    left = refundable(tx, payment)
    if left == 0:
        raise ApiError(400, "PAYMENT_ALREADY_REFUNDED", "This payment is refunded already.")
    if amount is None:
        amount = left
    if amount > left:
        raise ApiError(
            400, "REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT", f"At most {left} cents can be refunded."
        )
    return {
        "refund_id": new_id("ref"),
        "payment_id": payment["payment_id"],
        "customer_id": payment["customer_id"],
        "status": "succeeded",
        "amount": amount,
        "currency": payment["currency"],
        "is_partial": amount < payment["total_amount"],
        "reason": reason,
        "metadata": metadata,
        "created_at": iso(),
    }
