"""What no user calls: webhooks, looks at the app's health, and the description itself."""

from typing import Any

from creditsapp.openapi.answers import ANYWHERE, answer, refusals
from creditsapp.openapi.shapes import Health, WebhookResult

_SIGNED = {
    "webhook-id": "1 to 255 visible ASCII characters.",
    "webhook-timestamp": "Unix seconds, at most 5 minutes off.",
    "webhook-signature": "`v1,` and base64 of an HMAC-SHA256, as Standard Webhooks has it.",
}
_OK = {"status": "ok"}
_PAGE = {
    "400": {"description": "The address or a cookie is not UTF-8.", "content": {"text/html": {}}}
}


def machines(seen: dict[str, Any], etag: dict[str, Any]) -> dict[str, Any]:
    """Their paths, with the parameter and the header of what may be known already."""
    headers = [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": words,
            "schema": {"type": "string"},
        }
        for name, words in _SIGNED.items()
    ]
    event = {"schema": {"type": "object", "required": ["type"]}}
    document = {"application/json": {"schema": {"type": "object"}}}
    return {
        "/api/webhooks/dodo": {
            "get": {
                "operationId": "webhookAlive",
                "summary": "Whether somebody is here",
                "responses": {"200": answer(Health, "Somebody is.", example=_OK)}
                | refusals("bad_request", *ANYWHERE),
            },
            "post": {
                "operationId": "receiveWebhook",
                "summary": "A delivery of Dodo Payments, of at most 256 KiB",
                "description": "Its bytes are verified as they came, and those are read.",
                "parameters": headers,
                "requestBody": {"required": True, "content": {"application/json": event}},
                "responses": {"200": answer(WebhookResult, "Stored, and applied or kept.")}
                | refusals(
                    "bad_request",
                    "invalid_payload",
                    "invalid_signature",
                    "payload_too_large",
                    "not_configured",
                    "try_again",
                    "outcome_unknown",
                    *ANYWHERE,
                ),
            },
        },
        "/api/openapi.json": {
            "get": {
                "operationId": "readDescription",
                "summary": "This description",
                "parameters": [seen],
                "responses": {
                    "200": {"description": "It.", "headers": etag, "content": document},
                    "304": {"description": "It has not changed.", "headers": etag},
                }
                | refusals("bad_request", *ANYWHERE),
            }
        },
        "/healthz": {
            "get": {
                "operationId": "isAlive",
                "summary": "The process answers",
                "responses": {"200": answer(Health, "Alive.", example=_OK)} | _PAGE,
            }
        },
        "/readyz": {
            "get": {
                "operationId": "isReady",
                "summary": "The database answers and is migrated",
                "responses": {
                    "200": answer(Health, "Ready.", example=_OK),
                    "503": answer(Health, "Not ready; `reason` says why."),
                }
                | _PAGE,
            }
        },
    }
