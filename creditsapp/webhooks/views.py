"""The webhook route: verify the raw bytes, then hand them to the inbox."""

import time
from typing import Any

from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue

from creditsapp.dodo import product_id
from creditsapp.dodo.signature import InvalidSignature, verify
from creditsapp.errors import JsonError
from creditsapp.json_interface import parse_json
from creditsapp.services import webhooks
from creditsapp.services.payments import Terms
from creditsapp.webhooks import bp

MAX_BYTES = 256 * 1024


@bp.get("/dodo")
def alive() -> ResponseReturnValue:
    """Dodo's dashboard, or a person, looks whether somebody is here."""
    return jsonify(status="ok")


@bp.post("/dodo")
def receive() -> ResponseReturnValue:
    """One delivery; 200 means stored and applied, or stored for a person."""
    shared = current_app.extensions["creditsapp"]
    secrets = current_app.config["WEBHOOK_SECRETS"]
    if not secrets:
        raise JsonError(503, "not_configured", "DODO_WEBHOOK_SECRET is not set.")
    request.max_content_length = MAX_BYTES
    body = request.get_data()
    try:
        webhook_id, _sent_at = verify(body, request.headers, secrets, now=time.time())
    except InvalidSignature as error:
        raise JsonError(401, "invalid_signature", f"Not accepted: {error}.") from None
    status = webhooks.receive(webhook_id, body, _event(body), Terms(product_id(shared.settings)))
    return jsonify(received=True, status=status)


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = parse_json(body)
    except ValueError:
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str) or not event["type"]:
        raise JsonError(400, "invalid_payload", "The body is not an event.")
    return event
