"""Refunds: all or part of a payment, decided at once or later."""

from typing import Any

from creditsapp.sandbox import outbox
from creditsapp.sandbox.currencies import convert
from creditsapp.sandbox.errors import ApiError, not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Store, Transaction
from creditsapp.sandbox.times import iso

STATUSES = {
    "succeeded": "Succeeded",
    "pending": "Pending",
    "review": "In review",
    "failed": "Failed",
}

UNDECIDED = ("pending", "review")

_SETTING = "refund_setting"


def create(
    store: Store,
    payment_id: str,
    *,
    amount: int | None = None,
    currency: str | None = None,
    reason: str | None = None,
    metadata: dict[str, Any] | None = None,
    status: str | None = None,
) -> Document:
    """Refund an amount, tax included, or whatever is left; raise ApiError."""
    with store.transaction() as tx:
        payment = tx.get("payment", payment_id)
        if payment is None:
            raise not_found("payment")
        currency = currency or payment["currency"]
        covers = _covered(tx, payment, amount, currency)
        refund = {
            "refund_id": new_id("ref"),
            "payment_id": payment_id,
            "customer_id": payment["customer_id"],
            "status": status or begins_as(tx),
            "amount": amount or _exchange(payment, covers, payment["currency"], currency),
            "currency": currency,
            # What it takes of the payment, in the payment's currency.
            "covers": covers,
            "is_partial": covers < payment["total_amount"],
            "reason": reason,
            "metadata": metadata or {},
            "created_at": iso(),
        }
        tx.add("refund", refund["refund_id"], refund, parent=payment_id)
        _announce(tx, payment, refund)
    return refund


def decide(store: Store, refund_id: str, status: str) -> Document:
    """Bring a refund that is pending or in review to a status; raise ApiError."""
    with store.transaction() as tx:
        refund = tx.get("refund", refund_id)
        if refund is None:
            raise not_found("refund")
        if refund["status"] not in UNDECIDED:
            raise ApiError(409, "CONFLICT", f"This refund has {refund['status']} already.")
        payment = tx.get("payment", refund["payment_id"])
        assert payment is not None
        refund["status"] = status
        tx.save(refund_id, refund)
        _announce(tx, payment, refund)
    return refund


def begin_as(tx: Transaction, status: str) -> None:
    """Let the refunds that the API is asked for begin with a status."""
    tx.delete(_SETTING)
    if status != "succeeded":
        tx.add(_SETTING, _SETTING, {"status": status})


def begins_as(tx: Transaction) -> str:
    """The status that a refund of the API begins with."""
    setting = tx.get(_SETTING, _SETTING)
    return setting["status"] if setting else "succeeded"


def refundable(tx: Transaction, payment: Document) -> int:
    """What of a payment is neither refunded nor about to be."""
    if payment["status"] != "succeeded":
        return 0
    return payment["total_amount"] - _sum(tx, payment, "succeeded", *UNDECIDED)


def status_of(tx: Transaction, payment: Document) -> str | None:
    """`partial` or `full`, or None before a refund has succeeded."""
    refunded = _sum(tx, payment, "succeeded")
    if not refunded:
        return None
    return "partial" if refunded < payment["total_amount"] else "full"


def _sum(tx: Transaction, payment: Document, *statuses: str) -> int:
    refunds = tx.children("refund", payment["payment_id"])
    return sum(refund["covers"] for refund in refunds if refund["status"] in statuses)


def _covered(tx: Transaction, payment: Document, amount: int | None, currency: str) -> int:
    """What a refund takes of the payment, in the payment's currency; raise ApiError."""
    if payment["status"] != "succeeded":
        raise _refused("PAYMENT_NOT_SUCCEEDED", "Only a succeeded payment can be refunded.")
    if payment["total_amount"] == 0:
        raise _refused("ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED", "Nothing was paid.")
    left = refundable(tx, payment)
    if _sum(tx, payment, *UNDECIDED) and (amount is None or left == 0):
        raise _refused("EXISTING_REFUND_REQUEST_PROCESSING", "Another refund is being processed.")
    if left == 0:
        raise _refused("PAYMENT_ALREADY_REFUNDED", "This payment is refunded already.")
    if amount is None:
        return left
    covers = _exchange(payment, amount, currency, payment["currency"])
    if covers > left:
        most = _exchange(payment, left, payment["currency"], currency)
        raise _refused(
            "REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT", f"At most {most} of {currency} can be refunded."
        )
    return max(covers, 1)


def _exchange(payment: Document, amount: int, source: str, target: str) -> int:
    """An amount into or out of the payment's currency, at its own rate where it has one."""
    if source == target:
        return amount
    rates = {
        payment["currency"]: payment["total_amount"],
        payment["settlement_currency"]: payment["settlement_amount"],
    }
    if source in rates and target in rates:
        return (2 * amount * rates[target] + rates[source]) // (2 * rates[source])
    return convert(amount, source, target)


def _refused(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


def _announce(tx: Transaction, payment: Document, refund: Document) -> None:
    """Plan a webhook, which Dodo has only for refunds that are decided."""
    if refund["status"] not in UNDECIDED:
        outbox.add(
            tx,
            f"refund.{refund['status']}",
            resource_id=refund["refund_id"],
            payment_id=payment["payment_id"],
            url=payment["webhook_url"],
        )
