"""Payments, their line items and their invoices."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing, payment_shapes
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import BRAND_ID, current
from creditsapp.sandbox.errors import not_found
from creditsapp.sandbox.invoice import invoice_pdf
from creditsapp.sandbox.store import Document, Transaction


@bp.get("/payments")
def list_payments() -> ResponseReturnValue:
    """List payments, newest first."""
    names = ("customer_id", "status", "product_id", "currency")
    equal = {name: request.args.get(name) for name in names}
    # No payment here has a subscription, and all have one brand.
    nothing = (
        "subscription_id" in request.args or request.args.get("brand_id", BRAND_ID) != BRAND_ID
    )
    page = parsing.list_query()
    with current().store.reading() as tx:
        found = [] if nothing else tx.find("payment", equal=equal, **page)
        return {"items": [payment_shapes.payment_row(tx, document) for document in found]}


@bp.get("/payments/<payment_id>")
def payment(payment_id: str) -> ResponseReturnValue:
    """Show a payment with its refunds and disputes."""
    with current().store.reading() as tx:
        return payment_shapes.payment(tx, _found(tx, payment_id))


@bp.get("/payments/<payment_id>/line-items")
def line_items(payment_id: str) -> ResponseReturnValue:
    """Show what was bought."""
    with current().store.reading() as tx:
        return payment_shapes.line_items(tx, _found(tx, payment_id))


@bp.get("/invoices/payments/<payment_id>")
def invoice(payment_id: str) -> ResponseReturnValue:
    """Show the invoice as a PDF."""
    with current().store.reading() as tx:
        details = payment_shapes.payment(tx, _found(tx, payment_id))
    return Response(invoice_pdf(details), mimetype="application/pdf")


def _found(tx: Transaction, payment_id: str) -> Document:
    document = tx.get("payment", payment_id)
    if document is None:
        raise not_found("payment")
    return document
