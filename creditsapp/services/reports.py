"""What operators read and hand on: credits by month and type, what is owed, the ledger as rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select, type_coerce

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, User, Wallet
from creditsapp.models.types import NO_CREDITS, CreditAmount, added
from creditsapp.services.transaction import snapshot

REAL = LedgerEntry.user_id > 0  # negative ids are the throwaway wallets of stress races


@dataclass(frozen=True)
class Line:
    """What came in and went out in a month by one type of entry."""

    month: str
    type: str
    entries: int
    came_in: Decimal
    went_out: Decimal


@dataclass(frozen=True)
class Outstanding:
    """Credits that users still have; `debts` are below zero.

    Free credits count as spent before bought ones, so `bought` is what the money behind the
    credits would still have to pay for.
    """

    credits: Decimal
    bought: Decimal
    debts: Decimal

    @property
    def free(self) -> Decimal:
        """The part that nobody paid for."""
        return added(self.credits, self.bought.copy_negate())


def by_month(month: str | None = None) -> list[Line]:
    """Entries by month (UTC, `YYYY-MM`) and type, oldest first."""
    if db.engine.dialect.name == "postgresql":
        name = func.to_char(func.timezone("UTC", LedgerEntry.created_at), "YYYY-MM")
    else:
        name = func.strftime("%Y-%m", LedgerEntry.created_at)
    months = name.label("month")
    query = (
        select(
            months,
            LedgerEntry.type,
            func.count(),
            func.sum(case((LedgerEntry.amount > 0, LedgerEntry.amount), else_=NO_CREDITS)),
            func.sum(case((LedgerEntry.amount < 0, LedgerEntry.amount), else_=NO_CREDITS)),
        )
        .where(REAL)
        .group_by(months, LedgerEntry.type)
        .order_by(months, LedgerEntry.type)
    )
    if month is not None:
        query = query.where(name == month)
    with snapshot(at_length=True) as connection:
        return [Line(*row) for row in connection.execute(query)]


def outstanding() -> Outstanding:
    """What users have now, summed over all wallets in the database."""
    paid_for = LedgerEntry.type.in_(("purchase", "dispute")) | (
        (LedgerEntry.type == "refund") & LedgerEntry.refunded_number.is_(None)
    )
    bought = (
        select(LedgerEntry.user_id, func.sum(LedgerEntry.amount).label("bought"))
        .where(REAL, paid_for)
        .group_by(LedgerEntry.user_id)
        .subquery()
    )
    has = case((Wallet.balance > 0, Wallet.balance), else_=NO_CREDITS)
    kept = func.coalesce(bought.c.bought, NO_CREDITS, type_=CreditAmount())
    left = case((kept < has, kept), else_=has)
    query = (
        select(
            type_coerce(func.sum(has), CreditAmount),
            type_coerce(func.sum(case((left > NO_CREDITS, left), else_=NO_CREDITS)), CreditAmount),
            type_coerce(func.sum(Wallet.balance - has), CreditAmount),
        )
        .select_from(Wallet)
        .outerjoin(bought, bought.c.user_id == Wallet.user_id)
        .where(Wallet.user_id > 0)
    )
    with snapshot(at_length=True) as connection:
        row = connection.execute(query).one()
    return Outstanding(*(amount or Decimal(0) for amount in row))


EXPORTED = (
    "user_id",
    "email",
    "number",
    "time",
    "type",
    "operation",
    "description",
    "amount",
    "balance_after",
    "purchase_id",
    "payment_id",
    "actor",
)


def all_entries(since: datetime | None, until: datetime | None) -> Iterator[tuple[Any, ...]]:
    """Every entry as EXPORTED has it, by user and number, from `since` to before `until`."""
    query = (
        select(
            LedgerEntry.user_id,
            User.email,
            LedgerEntry.number,
            LedgerEntry.created_at,
            LedgerEntry.type,
            LedgerEntry.operation,
            LedgerEntry.description,
            LedgerEntry.amount,
            LedgerEntry.balance_after,
            LedgerEntry.purchase_id,
            LedgerEntry.payment_id,
            LedgerEntry.actor,
        )
        .outerjoin(User, User.id == LedgerEntry.user_id)
        .where(REAL)
        .order_by(LedgerEntry.user_id, LedgerEntry.number)
    )
    if since is not None:
        query = query.where(LedgerEntry.created_at >= since)
    if until is not None:
        query = query.where(LedgerEntry.created_at < until)
    with snapshot(at_length=True) as connection:
        for row in connection.execute(query.execution_options(yield_per=1000)):
            yield tuple(row)
