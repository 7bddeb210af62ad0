"""Orders and payments as operators look at them: what was ordered, what became of it, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased

from creditsapp.models import Payment, Purchase
from creditsapp.models.purchase import PURCHASE_STATUSES
from creditsapp.services.transaction import streamed

NOT_OURS = and_(
    Payment.purchase_id.is_(None), Payment.status == "succeeded", Payment.decision.is_(None)
)
DISMISSED = and_(
    Payment.decision.in_(("rejected", "refunded")),
    or_(Purchase.id.is_(None), Purchase.status != "rejected"),
)
STATUSES = (*PURCHASE_STATUSES, "recorded")


@dataclass(frozen=True)
class Listed:
    """An order and the payment that matters for it; one of the two may be missing."""

    purchase: Purchase | None
    payment: Payment | None
    status: str
    created_at: datetime


def listed(status: str | None = None) -> Iterator[Listed]:
    """Orders and payments, oldest first; `review` is what waits, `recorded` is no order of ours."""
    if status in (None, "review"):
        yield from _rows(_payments().where(Payment.waits), "review")
    if status in (None, "recorded"):
        yield from _rows(_payments().where(NOT_OURS), "recorded")
    if status in (None, "rejected"):
        yield from _rows(_payments().where(DISMISSED), "rejected")
    if status not in ("review", "recorded"):
        wanted = [status] if status else [it for it in PURCHASE_STATUSES if it != "review"]
        yield from _rows(_purchases().where(Purchase.status.in_(wanted)))


def _payments() -> Select[Purchase, Payment]:
    return (
        select(Purchase, Payment)
        .select_from(Payment)
        .outerjoin(Purchase, Purchase.id == Payment.purchase_id)
        .order_by(Payment.created_at, Payment.id)
    )


def _purchases() -> Select[Purchase, Payment]:
    """Each order with the payment that paid it, or the newest that tried to."""
    shown = aliased(Payment)
    newest = (
        select(shown.id)
        .where(shown.purchase_id == Purchase.id)
        .order_by((shown.credited > Decimal(0)).desc(), shown.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(Purchase, Payment)
        .outerjoin(Payment, Payment.id == newest)
        .order_by(Purchase.created_at, Purchase.id)
    )


def _rows(query: Select[Purchase, Payment], status: str | None = None) -> Iterator[Listed]:
    for purchase, payment in streamed(query):
        first = purchase or payment
        yield Listed(purchase, payment, status or first.status, first.created_at)
