"""Disputes, which buyers, banks and Visa start and decide."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import disputes, shapes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import choice, done, fields, switch


@bp.post("/payments/<payment_id>/dispute")
def dispute(payment_id: str) -> ResponseReturnValue:
    """Open a dispute, or bring the newest one to another `status`."""
    given = fields()
    stage = choice(given, "stage", ("", *disputes.STAGES), default="")
    document = disputes.move(
        current().store,
        payment_id,
        status=choice(given, "status", disputes.STATUSES, default=""),
        stage=stage or None,
        rdr=switch(given, "rdr"),
    )
    with current().store.reading() as tx:
        return done(shapes.dispute(tx, document), payment_id)
