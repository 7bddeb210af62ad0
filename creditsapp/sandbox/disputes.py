"""Disputes, which only the sandbox's controls start and move."""

from creditsapp.sandbox import outbox
from creditsapp.sandbox.errors import ApiError, not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Store, Transaction
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

# What can be done with a dispute, in the words of the one who does it.
MOVES = {
    "dispute_opened": "Reopen",
    "dispute_challenged": "Challenge",
    "dispute_won": "Win",
    "dispute_lost": "Lose",
    "dispute_accepted": "Accept",
    "dispute_cancelled": "Cancel",
    "dispute_expired": "Expire",
}

NEW = "new"

STAGES = {"pre_dispute": "Pre-dispute", "dispute": "Dispute", "pre_arbitration": "Pre-arbitration"}


def move(
    store: Store,
    payment_id: str,
    *,
    status: str,
    dispute_id: str | None = None,
    stage: str | None = None,
    rdr: bool = False,
    amount: int | None = None,
    currency: str | None = None,
) -> Document:
    """Bring a dispute to a status: one by its id, else the newest; raise ApiError.

    Opening makes another one unless an id is given. So does the id `new`: Visa's RDR loses
    disputes that never were open.
    """
    with store.transaction() as tx:
        payment = tx.get("payment", payment_id)
        if payment is None:
            raise not_found("payment")
        if payment["status"] != "succeeded":
            raise ApiError(
                400, "PAYMENT_NOT_SUCCEEDED", "Only a succeeded payment can be disputed."
            )
        known = _known(tx, payment_id, status, dispute_id)
        dispute = known or _dispute(payment)
        dispute["dispute_status"] = status
        dispute["dispute_stage"] = stage or dispute["dispute_stage"]
        dispute["is_resolved_by_rdr"] = rdr or dispute["is_resolved_by_rdr"]
        dispute["amount"] = amount or dispute["amount"]
        dispute["currency"] = currency or dispute["currency"]
        if known:
            tx.save(dispute["dispute_id"], dispute)
        else:
            tx.add("dispute", dispute["dispute_id"], dispute, parent=payment_id)
        outbox.add(
            tx,
            status.replace("dispute_", "dispute."),
            resource_id=dispute["dispute_id"],
            payment_id=payment_id,
            url=payment["webhook_url"],
        )
    return dispute


def _known(
    tx: Transaction, payment_id: str, status: str, dispute_id: str | None
) -> Document | None:
    disputes = tx.children("dispute", payment_id)
    if dispute_id == NEW or (dispute_id is None and status == "dispute_opened"):
        return None
    if dispute_id is None:
        return disputes[-1] if disputes else None
    for dispute in disputes:
        if dispute["dispute_id"] == dispute_id:
            return dispute
    raise not_found("dispute")


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
