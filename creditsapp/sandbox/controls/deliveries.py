"""Webhooks that were planned: which there are, and sending one by hand."""

from dataclasses import asdict

from flask import request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import outbox
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import done, fields, switch
from creditsapp.sandbox.errors import not_found


@bp.get("/deliveries")
def list_deliveries() -> ResponseReturnValue:
    """List the newest hundred webhooks as JSON, all or of one `payment_id`."""
    with current().store.reading() as tx:
        found = outbox.newest(tx, payment_id=request.args.get("payment_id"))
    return {"items": [asdict(delivery) for delivery in found]}


@bp.post("/deliveries/<webhook_id>/replay")
def replay(webhook_id: str) -> ResponseReturnValue:
    """Send a webhook now, under the same id or with `newId` a new one."""
    as_new = switch(fields(), "newId")
    with current().store.transaction() as tx:
        delivery = outbox.get(tx, webhook_id)
        if delivery is None:
            raise not_found("webhook delivery")
        sent_as = outbox.replay(tx, delivery, as_new=as_new)
    answer = {"webhook_id": sent_as, "type": delivery.type, "payment_id": delivery.payment_id}
    return done(answer, delivery.payment_id or "webhooks")
