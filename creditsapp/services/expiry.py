"""Holds whose time is over: they count for nothing even before they are swept."""

from decimal import Decimal

from sqlalchemy import ColumnElement, literal, select, update
from sqlalchemy.orm import Session

from creditsapp.models import Hold, Wallet
from creditsapp.models.types import CreditAmount, added
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction

PORTION = 200


def release_expired() -> int:
    """Sweep the holds whose time is over; return how many there were.

    They are taken some at a time, and those that another sweep has in hand are left to it.
    """
    released = 0
    while some := _release_some():
        released += some
    return released


@retried
def _release_some() -> int:
    with transaction() as session:
        overdue = (
            select(Hold.id)
            .where(Hold.status == "held", Hold.expires_at <= now())
            .order_by(Hold.user_id)
            .limit(PORTION)
            .with_for_update(skip_locked=True)
        )
        ids = session.scalars(overdue).all()
        return _resolve_expired(session, Hold.id.in_(ids)) if ids else 0


def _expire(session: Session, user_id: int) -> int:
    """Resolve a user's overdue holds; return how many there were."""
    return _resolve_expired(session, Hold.user_id == user_id)


def _resolve_expired(session: Session, which: ColumnElement[bool]) -> int:
    at = now()
    found = session.execute(
        update(Hold)
        .where(which, Hold.status == "held", Hold.expires_at <= at)
        .values(status="expired", resolved_at=at)
        .returning(Hold.user_id, Hold.amount)
    ).all()
    for user_id in sorted({hold.user_id for hold in found}):  # in one order for all who sweep
        _free(session, user_id, added(*(hold.amount for hold in found if hold.user_id == user_id)))
    return len(found)


def _free(session: Session, user_id: int, amount: Decimal) -> None:
    session.execute(
        update(Wallet)
        .where(Wallet.user_id == user_id)
        .values(held=Wallet.held - literal(amount, CreditAmount()))
    )
