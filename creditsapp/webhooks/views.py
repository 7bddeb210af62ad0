"""The webhook route: verify the raw bytes, then hand them to the inbox."""

import logging
import time

from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue

from creditsapp import limits
from creditsapp.dodo.signature import InvalidSignature, verify
from creditsapp.errors import JsonError
from creditsapp.logs.notes import note
from creditsapp.services import webhooks
from creditsapp.webhooks import bp

log = logging.getLogger(__name__)

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
    limits.webhook()
    request.max_content_length = MAX_BYTES
    body = request.get_data()
    try:
        webhook_id, _sent_at = verify(body, request.headers, secrets, now=time.time())
    except InvalidSignature as error:
        log.warning("a webhook was not accepted: %s", error)
        raise JsonError(401, "invalid_signature", f"Not accepted: {error}.") from None
    status = webhooks.receive(webhook_id, body, shared.terms)
    note(webhook=status)
    if status == webhooks.INVALID:
        raise JsonError(400, "invalid_payload", "The body is not an event.")
    return jsonify(received=True, status=status)
