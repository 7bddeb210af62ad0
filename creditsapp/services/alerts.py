"""The mail that a balance is low: once a dip, decided by the statement that spends.

A usage that takes the balance from at least `alert_below` to below it crosses the line; what
comes after it is below already, and what lifts the balance again arms it anew. No state is kept.
"""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import update

from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.models import Wallet
from creditsapp.models.types import positive_credits
from creditsapp.services.mails import note_queued
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import transaction

_COLUMNS = "user_id, kind, details, key, status, attempts, created_at, due_at"
_DETAILS = "('number', version, 'balance', balance, 'threshold', alert_below)"

# Within a posting, whose CTE `wallet` is the row that the usage of `:{spent}` has left.
ON_POSTGRESQL: str = (
    f"INSERT INTO mails ({_COLUMNS})\n"
    "SELECT CAST(:user_id AS bigint), 'low_balance', json_build_object" + _DETAILS + ","
    " 'low:' || CAST(:user_id AS bigint) || ':' || version, 'waiting', 0,"
    " clock_timestamp(), clock_timestamp()\n"
    "FROM wallet WHERE balance < alert_below"
    " AND alert_below <= balance + CAST(:{spent} AS bigint)\n"
    "ON CONFLICT (key) DO NOTHING RETURNING id"
)
_ON_SQLITE = (
    f"INSERT INTO mails ({_COLUMNS})\n"
    "SELECT user_id, 'low_balance', json_object" + _DETAILS + ","
    " 'low:' || user_id || ':' || version, 'waiting', 0, :at, :at\n"
    "FROM wallets WHERE user_id = :user_id\n"
    "ON CONFLICT (key) DO NOTHING"
)


def alert_on_sqlite(
    driver: Driver, user_id: int, balance: int, spent: int, threshold: int | None, at: datetime
) -> None:
    """Queue the mail where a usage has crossed the line; amounts in ten-thousandths."""
    if threshold is not None and balance < threshold <= balance + spent:
        driver.rows(_ON_SQLITE, {"user_id": user_id, "at": driver.moment(at)})
        note_queued()


def threshold(user_id: int) -> Decimal | None:
    """Below which balance a user is told; None for never."""
    return db.session.get_one(Wallet, user_id, populate_existing=True).alert_below


@retried
def tell_below(user_id: int, credits: Decimal | int) -> None:
    """Tell a user by mail when a spend leaves less than this; 0 for never.

    Raise InvalidAmount.
    """
    with transaction() as session:
        session.execute(
            update(Wallet)
            .where(Wallet.user_id == user_id)
            .values(alert_below=positive_credits(credits) if credits else None)
        )
