"""The wallet itself: opened once, read as a balance."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, insert, select, type_coerce
from sqlalchemy.orm import Session

from creditsapp.models import Hold, Wallet
from creditsapp.models.types import CreditAmount, as_credits
from creditsapp.services.errors import InsufficientCredits, WalletNotFound
from creditsapp.services.transaction import now


@dataclass(frozen=True)
class Balance:
    """What a wallet holds; `available` is the balance without what open holds reserve."""

    balance: Decimal
    held: Decimal
    version: int
    lifetime_added: Decimal
    lifetime_used: Decimal

    @property
    def available(self) -> Decimal:
        """What can be spent now; below zero while there is a debt."""
        return as_credits(self.balance - self.held)


def _balance(session: Session, user_id: int) -> Balance:
    """What a wallet holds now; a hold past its time no longer counts, swept or not."""
    overdue = (
        select(func.sum(Hold.amount))
        .where(Hold.user_id == user_id, Hold.status == "held", Hold.expires_at <= now())
        .scalar_subquery()
    )
    row = session.execute(
        select(
            Wallet.balance,
            Wallet.held,
            type_coerce(overdue, CreditAmount).label("overdue"),
            Wallet.version,
            Wallet.lifetime_added,
            Wallet.lifetime_used,
        ).where(Wallet.user_id == user_id)
    ).first()
    if row is None:
        raise WalletNotFound(f"There is no wallet of user {user_id}.")
    return Balance(
        balance=row.balance,
        held=as_credits(row.held - (row.overdue or 0)),
        version=row.version,
        lifetime_added=row.lifetime_added,
        lifetime_used=row.lifetime_used,
    )


def _lock(session: Session, user_id: int) -> None:
    """Keep everybody else from the wallet until the transaction ends; raise WalletNotFound.

    SQLite drops FOR UPDATE, but there the whole transaction is alone from its start.
    """
    query = select(Wallet.user_id).where(Wallet.user_id == user_id).with_for_update()
    if session.scalar(query) is None:
        raise WalletNotFound(f"There is no wallet of user {user_id}.")


def _short_of(session: Session, user_id: int, required: Decimal) -> InsufficientCredits:
    """The refusal that says what there is and what is missing; the wallet is locked by then."""
    found = _balance(session, user_id)
    return InsufficientCredits(required, found.balance, found.available)


def _open(session: Session, user_id: int) -> None:
    """Make a user's wallet, empty."""
    session.execute(insert(Wallet).values(user_id=user_id, created_at=now()))
