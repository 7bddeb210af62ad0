"""Refunds by hand, as from Dodo's dashboard."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing, refunds, shapes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import done, fields, number


@bp.post("/payments/<payment_id>/refund")
def refund(payment_id: str) -> ResponseReturnValue:
    """Refund `amount` cents, or what is left."""
    given = fields()
    document = refunds.create(
        current().store,
        payment_id,
        amount=number(given, "amount", 1, parsing.INT32_MAX),
        reason="Refunded by hand in the sandbox",
    )
    with current().store.reading() as tx:
        return done(shapes.refund(tx, document), payment_id)
