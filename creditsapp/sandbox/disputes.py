"""Disputes, which only the sandbox's controls start and move."""

from creditsapp.sandbox import outbox
from creditsapp.sandbox.errors import ApiError, invalid, not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Store
from creditsapp.sandbox.times import iso

STATUSES = {
    "dispute_opened": "Opened",
    "dispute_challenged": "Challenged",
    "dispute_won": "Won",
    "dispute_lost": "Lost",
    "dispute_accepted": "Accepted",
    "dispute_cancelled": "Cancelled",
    "dispute_expired": "Expired",
}

STAGES = {"pre_dispute": "Pre-dispute", "dispute": "Dispute", "pre_arbitration": "Pre-arbitration"}


def move(
    store: Store, payment_id: str, *, status: str, stage: str | None = None, rdr: bool = False
) -> Document:
    """Open a dispute, or bring the payment's newest one to a status; raise ApiError.

    Without a dispute to move, one is made: Visa's RDR loses disputes that never were open.
    """
    if status not in STATUSES:
        raise invalid(f"status must be one of {', '.join(STATUSES)}.")
    if stage is not None and stage not in STAGES:
        raise invalid(f"stage must be one of {', '.join(STAGES)}.")
    with store.transaction() as tx:
        payment = tx.get("payment", payment_id)
        if payment is None:
            raise not_found("payment")
        if payment["status"] != "succeeded":
            raise ApiError(
                400, "PAYMENT_NOT_SUCCEEDED", "Only a succeeded payment can be disputed."
            )
        known = tx.children("dispute", payment_id)
        is_new = status == "dispute_opened" or not known
        dispute = _dispute(payment) if is_new else known[-1]
        dispute["dispute_status"] = status
        dispute["dispute_stage"] = stage or dispute["dispute_stage"]
        dispute["is_resolved_by_rdr"] = rdr or dispute["is_resolved_by_rdr"]
        if is_new:
            tx.add("dispute", dispute["dispute_id"], dispute, parent=payment_id)
        else:
            tx.save(dispute["dispute_id"], dispute)
        outbox.add(
            tx,
            status.replace("dispute_", "dispute."),
            resource_id=dispute["dispute_id"],
            payment_id=payment_id,
            url=payment["webhook_url"],
        )
    return dispute


def _dispute(payment: Document) -> Document:
    return {
        "dispute_id": new_id("dp"),
        "payment_id": payment["payment_id"],
        "customer_id": payment["customer_id"],
        "amount": payment["total_amount"],
        "currency": payment["currency"],
        "dispute_stage": "dispute",
        "is_resolved_by_rdr": None,
        "created_at": iso(),
    }
