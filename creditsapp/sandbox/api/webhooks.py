"""Webhook endpoints: recorded and listed, while webhooks go to the sandbox's own address."""

from flask import request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing, shapes
from creditsapp.sandbox.addresses import webhook_target
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import invalid, not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document
from creditsapp.sandbox.times import iso

BUILT_IN_ID = "ep_sandbox"


@bp.post("/webhooks")
def create_webhook() -> ResponseReturnValue:
    """Record an endpoint."""
    body = parsing.body()
    filter_types = body.get("filter_types") or []
    if not isinstance(filter_types, list) or not all(isinstance(x, str) for x in filter_types):
        raise invalid("filter_types must be a list of event types.")
    url = parsing.web_address(body, "url")
    if not url:
        raise invalid("url is required.")
    document = {
        "id": new_id("ep"),
        "url": url,
        "description": parsing.text(body, "description") or "",
        "filter_types": filter_types,
        "metadata": parsing.metadata(body),
        "created_at": iso(),
    }
    with current().store.transaction() as tx:
        tx.add("webhook", document["id"], document)
    return shapes.webhook(document)


@bp.get("/webhooks")
def list_webhooks() -> ResponseReturnValue:
    """List the endpoints on one page, the built-in one first."""
    with current().store.reading() as tx:
        documents = [_built_in(), *tx.find("webhook", page_size=100)]
    return {
        "data": [shapes.webhook(document) for document in documents],
        "done": True,
        "iterator": request.args.get("iterator"),
        "prev_iterator": None,
    }


@bp.get("/webhooks/<webhook_id>")
def webhook(webhook_id: str) -> ResponseReturnValue:
    """Show an endpoint."""
    return shapes.webhook(_found(webhook_id))


@bp.get("/webhooks/<webhook_id>/secret")
def webhook_secret(webhook_id: str) -> ResponseReturnValue:
    """Show the secret, which all endpoints of the sandbox share."""
    _found(webhook_id)
    return {"secret": current().webhook_secret}


def _found(webhook_id: str) -> Document:
    if webhook_id == BUILT_IN_ID:
        return _built_in()
    with current().store.reading() as tx:
        document = tx.get("webhook", webhook_id)
    if document is None:
        raise not_found("webhook")
    return document


def _built_in() -> Document:
    return {
        "id": BUILT_IN_ID,
        "url": webhook_target(),
        "description": "Where the sandbox sends its webhooks",
        "filter_types": None,
        "metadata": {},
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
