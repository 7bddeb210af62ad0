"""Refunds."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing, refunds, shapes
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import ApiError, invalid, not_found
from creditsapp.sandbox.store import Document


@bp.post("/refunds")
def create_refund() -> ResponseReturnValue:
    """Refund a payment, or part of it."""
    body = parsing.body()
    payment_id = parsing.required_text(body, "payment_id")
    store = current().store
    with store.reading() as tx:
        payment = tx.get("payment", payment_id)
    if payment is None:
        raise not_found("payment")
    currency = parsing.text(body, "currency")
    if currency not in (None, payment["currency"]):
        raise invalid(f"currency must be {payment['currency']}.")
    amount = _amount(body, payment)
    if amount is not None and currency is None:
        # Dodo takes amounts to be what the shop received, unless it is told otherwise.
        currency = payment["settlement_currency"]
    refund = refunds.create(
        store,
        payment_id,
        amount=amount,
        currency=currency,
        reason=parsing.text(body, "reason", limit=3000),
        metadata=parsing.metadata(body),
    )
    with store.reading() as tx:
        return shapes.refund(tx, refund)


@bp.get("/refunds")
def list_refunds() -> ResponseReturnValue:
    """List refunds, newest first."""
    names = ("customer_id", "status")
    equal = {name: request.args.get(name) for name in names}
    page = parsing.list_query()
    with current().store.reading() as tx:
        found = [] if "subscription_id" in request.args else tx.find("refund", equal=equal, **page)
    return {"items": [shapes.refund_row(document) for document in found]}


@bp.get("/refunds/<refund_id>")
def refund(refund_id: str) -> ResponseReturnValue:
    """Show a refund."""
    with current().store.reading() as tx:
        document = tx.get("refund", refund_id)
        if document is None:
            raise not_found("refund")
        return shapes.refund(tx, document)


def _amount(body: dict[str, Any], payment: Document) -> int | None:
    """What the items add up to, tax included; None refunds what is left."""
    items = body.get("items")
    if items is None:
        return None
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise invalid("items must be a list with the payment's one line item.")
    item = items[0]
    if parsing.required_text(item, "item_id") != payment["product_cart"][0]["product_id"]:
        raise ApiError(400, "LINE_ITEM_NOT_FOUND", "The payment has no such line item.")
    amount = parsing.integer(item, "amount", minimum=1)
    if amount is None or parsing.flag(item, "tax_inclusive", default=True):
        return amount
    tax = payment["tax"] or 0
    net = payment["total_amount"] - tax
    return amount + (2 * amount * tax + net) // (2 * net)
