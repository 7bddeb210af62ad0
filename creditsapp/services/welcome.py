"""Welcome credits: once a person, and so many a day for a network of addresses."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.models import User, WelcomeBonus, WelcomeNetwork
from creditsapp.services.addresses import inbox
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, now, transaction

# About 50 ms and 16 MB a guess: addresses can be guessed, and these outlive their accounts.
_COST = {"n": 2**14, "r": 8, "p": 1}
_KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Bonus:
    """How many credits there are, and for which network; `per_network` 0 is no limit."""

    amount: Decimal
    network: str | None = None
    per_network: int = 0


def network_of(address: str | None) -> str | None:
    """The /24 or /48 that a client's address lies in: about what one household or office has."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    prefix = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{prefix}", strict=False))


def person(address: str) -> str:
    """Who has a normalised address, as a hash that is slow to guess; not for in a transaction."""
    mailbox = inbox(address).encode()
    return hashlib.scrypt(mailbox, salt=b"welcome credits", dklen=32, **_COST).hex()


def _give(session: Session, user: User, who: str, bonus: Bonus) -> None:
    """Decide on the welcome credits of a user, who has a row lock or is new, unless it is done."""
    if user.welcome is not None:
        return
    user.welcome = _decided(session, who, bonus)
    if user.welcome == "given":
        movement = Movement(
            user_id=user.id,
            amount=bonus.amount,
            type="initial",
            key="welcome",
            description="Welcome credits",
        )
        post_unguarded(Driver.of(session), movement)


def _decided(session: Session, who: str, bonus: Bonus) -> str:
    if not bonus.amount:
        return "none"
    if not insert_new(session, WelcomeBonus, person=who, created_at=now()):
        return "repeated"
    if bonus.network and bonus.per_network and not _counted(session, bonus):
        session.execute(delete(WelcomeBonus).where(WelcomeBonus.person == who))
        return "network"
    return "given"


def _counted(session: Session, bonus: Bonus) -> bool:
    """Count one more for a network today, unless that would be too many."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    today = {"network": bonus.network, "day": now().date()}
    counted = insert(WelcomeNetwork).values(today | {"given": 1})
    one_more = counted.on_conflict_do_update(
        index_elements=["network", "day"],
        set_={"given": WelcomeNetwork.given + 1},
        where=WelcomeNetwork.given < bonus.per_network,
    )
    return session.execute(one_more.returning(WelcomeNetwork.given)).first() is not None


def _remember(session: Session, who: str) -> None:
    """Let somebody who had their credits have no others."""
    insert_new(session, WelcomeBonus, person=who, created_at=now())


@retried
def forget_networks() -> int:
    """Drop the counts of days that are over; return how many."""
    with transaction() as session:
        over = delete(WelcomeNetwork).where(WelcomeNetwork.day < (now() - _KEPT).date())
        return len(session.execute(over.returning(WelcomeNetwork.day)).all())
