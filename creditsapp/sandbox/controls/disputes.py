"""Disputes, which buyers, banks and Visa start and decide."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import disputes, parsing, shapes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import choice, done, fields, number, switch
from creditsapp.sandbox.currencies import CURRENCIES


@bp.post("/payments/<payment_id>/dispute")
def dispute(payment_id: str) -> ResponseReturnValue:
    """Bring a dispute to a `status`: the one with `dispute_id`, the newest, or a new one."""
    given = fields()
    document = disputes.move(
        current().store,
        payment_id,
        dispute_id=given.get("dispute_id"),
        status=choice(given, "status", disputes.STATUSES, default=""),
        stage=choice(given, "stage", ("", *disputes.STAGES), default="") or None,
        rdr=switch(given, "rdr"),
        amount=number(given, "amount", 1, parsing.INT32_MAX),
        currency=choice(given, "currency", ("", *CURRENCIES), default="") or None,
    )
    with current().store.reading() as tx:
        return done(shapes.dispute(tx, document), payment_id)
