"""The description as a whole."""

from typing import Any

from creditsapp.models.types import exact
from creditsapp.openapi.answers import CHANGING, SIGNED_IN, answer, refusals
from creditsapp.openapi.inputs import body_of
from creditsapp.openapi.machines import machines
from creditsapp.openapi.shapes import Balance, Creation, LedgerPage, Order, OrderStatus, schemas
from creditsapp.prices import PriceList
from creditsapp.services.purchases import Offer
from creditsapp.studio.operation import Operation
from creditsapp.studio.operations import OPERATIONS

ABOUT = """\
The JSON interface to the credits of whoever is signed in, by the session cookie of the pages.

Requests that change something carry the token of the page in `X-CSRFToken`. Every error is
`{"error": code, "message": words}`; codes stay, words are in the reader's language. An address
that is not listed here answers 404 `not_found` (below `/api/operations/` 404 `unknown_operation`),
a listed one asked in another way 405 `method_not_allowed`. Without a session both are 401 below
`/api/credits` and `/api/operations`. Credits are numbers of at most 4 decimal places, dollars are
whole numbers.
"""

_WHOLE = {"type": "integer", "minimum": 1}
_TOKEN = {
    "name": "X-CSRFToken",
    "in": "header",
    "required": True,
    "description": 'The token in `<meta name="csrf-token">` of every signed-in page.',
    "schema": {"type": "string"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key answers again with the first result, and charges nothing.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_SEEN = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of an earlier answer.",
    "schema": {"type": "string"},
}
_ETAG = {"ETag": {"required": True, "schema": {"type": "string"}}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "There when the key was used before: this is the first result again.",
        "schema": {"type": "string", "const": "true"},
    }
}


def describe(prices: PriceList, offer: Offer, *, session_cookie: str) -> dict[str, Any]:
    """The description of the JSON interface of an app with these prices."""
    operations = {
        f"/api/operations/{each.name}": {"post": _perform(each, prices)}
        for each in OPERATIONS.values()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Credits", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": _credits(offer) | operations | machines(_SEEN, _ETAG),
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": session_cookie,
                    "description": "Set where somebody registers or signs in.",
                }
            },
        },
    }


def _credits(offer: Offer) -> dict[str, Any]:
    limit = {"name": "limit", "in": "query", "description": "How many entries."}
    before = {"name": "before", "in": "query", "description": "Only entries below this number."}
    purchase_id = {"name": "purchaseId", "in": "path", "required": True}
    return {
        "/api/credits": {
            "get": {
                "operationId": "readLedger",
                "summary": "The balance and a page of the ledger, newest first",
                "security": [{"session": []}],
                "parameters": [
                    limit | {"schema": _WHOLE | {"maximum": 200, "default": 50}},
                    before | {"schema": _WHOLE | {"maximum": 10**18}},
                ],
                "responses": {"200": answer(LedgerPage, "A page.")}
                | refusals("invalid_input", *SIGNED_IN),
            }
        },
        "/api/credits/balance": {
            "get": {
                "operationId": "readBalance",
                "summary": "The balance, for those who ask often",
                "security": [{"session": []}],
                "parameters": [_SEEN],
                "responses": {
                    "200": answer(Balance, "The balance.", headers=_ETAG),
                    "304": {"description": "It has not changed.", "headers": _ETAG},
                }
                | refusals(*SIGNED_IN),
            }
        },
        "/api/credits/purchase": {"post": _purchase(offer)},
        "/api/credits/purchases/{purchaseId}": {
            "get": {
                "operationId": "readPurchase",
                "summary": "What became of an order",
                "security": [{"session": []}],
                "parameters": [purchase_id | {"schema": {"type": "string", "minLength": 1}}],
                "responses": {"200": answer(OrderStatus, "The order, as it stands.")}
                | refusals("not_found", *SIGNED_IN),
            }
        },
    }


def _purchase(offer: Offer) -> dict[str, Any]:
    dollars = {"type": "integer", "minimum": offer.minimum, "maximum": offer.maximum}
    schema = {"type": "object", "properties": {"dollarAmount": dollars}}
    body = {"schema": schema | {"required": ["dollarAmount"]}}
    return {
        "operationId": "orderCredits",
        "summary": "Order credits",
        "description": f"Each dollar gives {exact(offer.per_dollar)} credits, once it is paid.",
        "security": [{"session": []}],
        "parameters": [_TOKEN, _KEY],
        "requestBody": {
            "required": True,
            "content": {"application/json": body | {"example": {"dollarAmount": offer.minimum}}},
        },
        "responses": {"200": answer(Order, "The order, and where it is paid.")}
        | refusals("invalid_json", "invalid_amount", "provider_unavailable", *CHANGING),
    }


def _perform(operation: Operation, prices: PriceList) -> dict[str, Any]:
    price = prices.price(operation.name)
    each = f" per {price.per}, rounded up to a multiple of {exact(price.step)}" if price.per else ""
    codes = ("invalid_json", "insufficient_credits", "operation_in_progress", "hold_closed")
    return {
        "operationId": operation.name,
        "summary": operation.title,
        "description": f"{operation.summary} Costs {exact(price.credits)} credits{each}."
        " What cannot be done is not charged.",
        "security": [{"session": []}],
        "parameters": [_TOKEN, _KEY],
        "requestBody": body_of(operation),
        "responses": {"201": answer(Creation, "It is made and paid.", headers=_REPLAYED)}
        | refusals(*codes, *CHANGING),
    }
