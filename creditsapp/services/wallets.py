"""The wallet itself: opened once, read as a balance."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.models import Wallet
from creditsapp.models.types import added, as_credits, from_units
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
        return added(self.balance, self.held.copy_negate())


def check_user(user_id: int) -> None:
    """Raise WalletNotFound for a number that no user can have, TypeError for what is no number."""
    if isinstance(user_id, bool) or not isinstance(user_id, int):
        raise TypeError(f"a user is known by a number, not by {type(user_id).__name__}")
    if not -(2**63) <= user_id < 2**63:
        raise WalletNotFound(f"There is no wallet of user {user_id}.")


def _balance(session: Session, user_id: int) -> Balance:
    """What a wallet holds now; a hold past its time no longer counts, swept or not."""
    check_user(user_id)
    driver = Driver.of(session)
    row = driver.row(_BALANCE, {"user_id": user_id, "at": driver.moment(now())})
    if row is None:
        raise WalletNotFound(f"There is no wallet of user {user_id}.")
    balance, held, version, lifetime_added, lifetime_used = row
    return Balance(
        balance=from_units(balance),
        held=from_units(int(held)),
        version=version,
        lifetime_added=from_units(lifetime_added),
        lifetime_used=from_units(lifetime_used),
    )


_BALANCE = """
SELECT balance, held - coalesce((
    SELECT sum(amount) FROM holds
    WHERE user_id = wallets.user_id AND status = 'held' AND expires_at <= :at
), 0), version, lifetime_added, lifetime_used
FROM wallets WHERE user_id = :user_id"""


def _lock(session: Session, user_id: int) -> None:
    """Keep everybody else from the wallet until the transaction ends; raise WalletNotFound.

    SQLite drops FOR UPDATE, but there the whole transaction is alone from its start.
    """
    check_user(user_id)
    query = select(Wallet.user_id).where(Wallet.user_id == user_id).with_for_update()
    if session.scalar(query) is None:
        raise WalletNotFound(f"There is no wallet of user {user_id}.")


def _short_of(session: Session, user_id: int, required: Decimal) -> InsufficientCredits:
    """The refusal that says what there is and what is missing; the wallet is locked by then."""
    found = _balance(session, user_id)
    return InsufficientCredits(required, found.balance, found.available)


def _open(session: Session, user_id: int, alert_below: Decimal | int = 0) -> None:
    """Make a user's wallet, empty; a balance below `alert_below` is told by mail, for 0 never."""
    session.execute(
        insert(Wallet).values(
            user_id=user_id, alert_below=as_credits(alert_below) or None, created_at=now()
        )
    )
