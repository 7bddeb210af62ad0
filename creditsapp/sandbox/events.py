"""The bodies of webhooks: the latest state of what they are about, as Dodo sends it."""

from typing import Any

from creditsapp.sandbox import payment_shapes, shapes
from creditsapp.sandbox.context import BUSINESS_ID
from creditsapp.sandbox.outbox import Delivery
from creditsapp.sandbox.store import Transaction

_SHAPES = {
    "payment": payment_shapes.payment,
    "refund": shapes.refund,
    "dispute": shapes.dispute,
}


def body(tx: Transaction, delivery: Delivery) -> dict[str, Any]:
    """The body to send now; only `timestamp` tells when the event happened."""
    kind = delivery.type.partition(".")[0]
    document = tx.get(kind, delivery.resource_id)
    assert document is not None
    return {
        "business_id": BUSINESS_ID,
        "type": delivery.type,
        "timestamp": delivery.happened_at,
        "data": {"payload_type": kind.capitalize(), **_SHAPES[kind](tx, document)},
    }
