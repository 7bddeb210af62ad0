"""The bodies of webhooks: the latest state of what they are about, or any text."""

import json

from creditsapp.sandbox import outbox, payment_shapes, shapes
from creditsapp.sandbox.context import BUSINESS_ID
from creditsapp.sandbox.errors import ApiError
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.outbox import Delivery
from creditsapp.sandbox.store import Transaction

_SHAPES = {
    "payment": payment_shapes.payment,
    "refund": shapes.refund,
    "dispute": shapes.dispute,
}


def body(tx: Transaction, delivery: Delivery) -> bytes:
    """The body to send now; only `timestamp` tells when the event happened."""
    custom = tx.get("custom_event", delivery.resource_id)
    if custom is not None:
        return custom["body"].encode()
    kind = delivery.type.partition(".")[0]
    document = tx.get(kind, delivery.resource_id)
    assert document is not None
    event = {
        "business_id": document.get("business_id", BUSINESS_ID),
        "type": delivery.type,
        "timestamp": delivery.happened_at,
        "data": {"payload_type": kind.capitalize(), **_SHAPES[kind](tx, document)},
    }
    return json.dumps(event).encode()


def add_custom(
    tx: Transaction, text: str, *, label: str, url: str, webhook_id: str | None = None
) -> str:
    """Plan a webhook with a body of one's own; return its id."""
    if webhook_id and outbox.get(tx, webhook_id):
        raise ApiError(409, "CONFLICT", "There is a webhook with this id; it can be sent again.")
    event_id = new_id("event")
    tx.add("custom_event", event_id, {"body": text})
    return outbox.add(
        tx, label, resource_id=event_id, payment_id="", url=url, webhook_id=webhook_id
    )
