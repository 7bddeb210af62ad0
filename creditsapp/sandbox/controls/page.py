"""The page of the controls."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import (
    catalogue,
    disputes,
    faults,
    outbox,
    parsing,
    payment_shapes,
    payments,
    refunds,
    webhook_modes,
)
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.currencies import CURRENCIES

PAGE_SIZE = 10


@bp.get("/")
def index() -> ResponseReturnValue:
    """Show what is switched on, and list the payments with their webhooks, newest first."""
    page = request.args.get("page", 0, type=int)
    page = min(max(page, 0), parsing.INT32_MAX)
    with current().store.reading() as tx:
        found = tx.find("payment", page_number=page, page_size=PAGE_SIZE)
        rows = [
            {
                "payment": payment_shapes.payment(tx, document),
                "refundable": refunds.refundable(tx, document),
                "deliveries": outbox.of_payment(tx, document["payment_id"]),
            }
            for document in found
        ]
        product, refunds_begin = catalogue.changes(tx), refunds.begins_as(tx)
        faults_on, modes_on = faults.switched_on(tx), webhook_modes.switched_on(tx)
        other_deliveries = outbox.of_payment(tx, "")[-PAGE_SIZE:]
    return render_template(
        "controls.html",
        rows=rows,
        page=page,
        has_more=len(rows) == PAGE_SIZE,
        faults=faults.FAULTS,
        faults_on=faults_on,
        modes=webhook_modes.MODES,
        modes_on=modes_on,
        other_deliveries=other_deliveries,
        refunds_begin=refunds_begin,
        refund_statuses=refunds.STATUSES,
        product_changes=product,
        currencies=CURRENCIES,
        decisions=payments.DECISIONS,
        states=outbox.STATES,
        statuses=disputes.STATUSES,
        stages=disputes.STAGES,
        moves=disputes.MOVES,
    )
