"""The JSON interface to balance, ledger and purchases."""

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from creditsapp.credits import api
from creditsapp.credits.ordering import place_order
from creditsapp.formatting import iso
from creditsapp.json_interface import read_object, whole_number
from creditsapp.models import LedgerEntry
from creditsapp.models.types import exact
from creditsapp.services import ledger, purchases


@api.get("")
def transactions() -> ResponseReturnValue:
    """The balance and a page of the ledger, newest first."""
    limit = whole_number("limit", 1, 200, 50)
    before = whole_number("before", 1, 10**18, None)
    found = ledger.balance(current_user.id)
    entries, next_before = ledger.history(current_user.id, limit=limit, before=before)
    return jsonify(
        balance=exact(found.balance),
        held=exact(found.held),
        available=exact(found.available),
        transactions=[entry_json(entry) for entry in entries],
        nextBefore=next_before,
    )


def entry_json(entry: LedgerEntry) -> dict[str, Any]:
    """A ledger entry as the JSON interface and the commands show it."""
    return {
        "id": f"{entry.user_id}-{entry.number}",
        "number": entry.number,
        "amount": exact(entry.amount),
        "balanceAfter": exact(entry.balance_after),
        "type": entry.type,
        "operation": entry.operation,
        "description": entry.description,
        "metadata": entry.details,
        "createdAt": iso(entry.created_at),
    }


@api.get("/balance")
def balance() -> ResponseReturnValue:
    """The balance, with an ETag for those who ask often."""
    found = ledger.balance(current_user.id)
    response: Response = jsonify(
        balance=exact(found.balance),
        held=exact(found.held),
        available=exact(found.available),
        version=found.version,
    )
    response.set_etag(f"{current_user.id}-{found.version}-{found.balance}-{found.held}")
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@api.post("/purchase")
def purchase() -> ResponseReturnValue:
    """Order credits; the answer leads to the checkout page."""
    body = read_object()
    ordered = place_order(
        body.get("dollarAmount"), key=request.headers.get("Idempotency-Key"), return_to=None
    )
    return jsonify(
        checkoutUrl=ordered.checkout_url,
        sessionId=ordered.checkout_session_id,
        purchaseId=ordered.id,
        dollarAmount=ordered.dollars,
        creditAmount=exact(ordered.credits),
    )


@api.get("/purchases/<purchase_id>")
def purchase_status(purchase_id: str) -> ResponseReturnValue:
    """What became of an order."""
    found = purchases.find(current_user.id, purchase_id)
    return jsonify(
        purchaseId=found.id,
        status=found.status,
        dollarAmount=found.dollars,
        creditAmount=exact(purchases.credits_given(found)),
        balance=exact(ledger.balance(current_user.id).balance),
    )
