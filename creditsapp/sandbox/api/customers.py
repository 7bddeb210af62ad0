"""Customers, and the link to their portal."""

from flask import request, url_for
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import customers, parsing, shapes
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import not_found


@bp.post("/customers")
def create_customer() -> ResponseReturnValue:
    """Add a customer."""
    body = parsing.body()
    with current().store.transaction() as tx:
        document = customers.create(
            tx,
            email=parsing.email(body),
            name=parsing.required_text(body, "name"),
            phone_number=parsing.text(body, "phone_number"),
            metadata=parsing.metadata(body),
        )
    return shapes.customer(document)


@bp.get("/customers")
def list_customers() -> ResponseReturnValue:
    """List customers, by exact e-mail address and part of the name."""
    with current().store.reading() as tx:
        found = tx.find(
            "customer",
            equal={"email": request.args.get("email")},
            name_contains=request.args.get("name"),
            **parsing.list_query(),
        )
    return {"items": [shapes.customer(document) for document in found]}


@bp.get("/customers/<customer_id>")
def customer(customer_id: str) -> ResponseReturnValue:
    """Show a customer."""
    with current().store.reading() as tx:
        document = tx.get("customer", customer_id)
    if document is None:
        raise not_found("customer")
    return shapes.customer(document)


@bp.patch("/customers/<customer_id>")
def update_customer(customer_id: str) -> ResponseReturnValue:
    """Change the fields that are given."""
    body = parsing.body()
    changes = {}
    if body.get("email") is not None:
        changes["email"] = parsing.email(body)
    if body.get("name") is not None:
        changes["name"] = parsing.required_text(body, "name")
    if body.get("phone_number") is not None:
        changes["phone_number"] = parsing.text(body, "phone_number")
    if body.get("metadata") is not None:
        changes["metadata"] = parsing.metadata(body)
    with current().store.transaction() as tx:
        document = tx.get("customer", customer_id)
        if document is None:
            raise not_found("customer")
        document.update(changes)
        tx.save(customer_id, document)
    return shapes.customer(document)


@bp.post("/customers/<customer_id>/customer-portal/session")
def open_portal(customer_id: str) -> ResponseReturnValue:
    """Link to the customer's portal, which is one page here."""
    with current().store.reading() as tx:
        if tx.get("customer", customer_id) is None:
            raise not_found("customer")
    link = url_for("checkout.portal_page", customer_id=customer_id, _external=True)
    return {"link": link}
