"""Answers in the words of OpenAPI: what went well, and every refusal with its codes."""

from typing import Any

from pydantic import BaseModel

from creditsapp.openapi.shapes import REFERENCE, Error, InsufficientCredits

# Each refusal that there is: its status, its code, and what it means.
REFUSALS: dict[tuple[int, str], str] = {
    (400, "bad_request"): "The address, a cookie or a form is not UTF-8, or not complete.",
    (400, "csrf_failed"): "`X-CSRFToken` is missing or has expired. It is in the head of every"
    ' signed-in page: `<meta name="csrf-token">`.',
    (400, "invalid_json"): "The body is not one JSON object, strictly: UTF-8 without a byte order"
    " mark, no key twice, no NaN, no lone surrogate, at most 64 levels deep, numbers of at most 400"
    " digits.",
    (400, "invalid_input"): "Something is missing, too much or not right; `fields` says what.",
    (400, "invalid_amount"): "Not a whole number of dollars that is on offer (`5.0` is not whole).",
    (400, "invalid_payload"): "The signature is right, but the body is not an event.",
    (401, "unauthorized"): "Nobody is signed in. This comes before everything else.",
    (401, "invalid_signature"): "The signature, its time or its headers are not right.",
    (402, "insufficient_credits"): "It costs more than is available.",
    (404, "not_found"): "There is no such thing, or it is somebody else's.",
    (409, "operation_in_progress"): "The same key is still at work.",
    (409, "hold_closed"): "The work took longer than credits are reserved for.",
    (413, "payload_too_large"): "The body, or the number of its fields, is too large.",
    (415, "unsupported_media_type"): "The body has another Content-Type, charset or encoding than"
    " is listed here. One without a Content-Type is taken for JSON.",
    (422, "idempotency_conflict"): "The key was used before, for something else.",
    (429, "too_many_requests"): "Too often in a short time. Nothing was done.",
    (500, "internal_error"): "Our mistake. `requestId` helps us to find it.",
    (503, "try_again"): "The database does not answer just now; nothing was changed, or the ledger"
    " shows it.",
    (503, "outcome_unknown"): "The connection broke: the same key tells what happened.",
    (503, "provider_unavailable"): "The payment provider does not answer just now.",
    (503, "not_configured"): "This app has no webhook secret yet.",
}
ANYWHERE = ("too_many_requests", "internal_error")
SIGNED_IN = ("unauthorized", "bad_request", "try_again", *ANYWHERE)
CHANGING = ("csrf_failed", "invalid_input", "payload_too_large", "unsupported_media_type")
CHANGING = (*SIGNED_IN, *CHANGING, "idempotency_conflict", "outcome_unknown")

_RETRY_AFTER = {
    "description": "Seconds to wait.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


def answer(shape: type[BaseModel], description: str, **more: Any) -> dict[str, Any]:
    """An answer of a shape, with `headers` and an `example` where there are any."""
    content = {"schema": _reference(shape)}
    if "example" in more:
        content["example"] = more["example"]
    found: dict[str, Any] = {"description": description, "content": {"application/json": content}}
    return found | {"headers": more["headers"]} if "headers" in more else found


def refusals(*codes: str) -> dict[str, Any]:
    """The answers with these codes, by status."""
    by_status: dict[int, dict[str, str]] = {}
    for (status, code), meaning in REFUSALS.items():
        if code in codes:
            by_status.setdefault(status, {})[code] = meaning
    return {str(status): _refusal(status, found) for status, found in by_status.items()}


def _refusal(status: int, codes: dict[str, str]) -> dict[str, Any]:
    words = "\n".join(f"- `{code}`: {meaning}" for code, meaning in codes.items())
    if status == 402:
        return answer(InsufficientCredits, words)
    schema = {
        "allOf": [_reference(Error)],
        "properties": {"error": {"type": "string", "enum": list(codes)}},
    }
    found: dict[str, Any] = {
        "description": words,
        "content": {"application/json": {"schema": schema}},
    }
    return found | {"headers": {"Retry-After": _RETRY_AFTER}} if status in (429, 503) else found


def _reference(shape: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": REFERENCE.format(model=shape.__name__)}
