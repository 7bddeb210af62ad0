"""Links that are sent to a mailbox: each works once, for a while, for one purpose."""

import uuid
from datetime import timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import AccountLink, User
from creditsapp.services import mails
from creditsapp.services.errors import ServiceError
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction

_LIVES = {
    "register": timedelta(hours=24),
    "verify": timedelta(hours=24),
    "reset": timedelta(hours=1),
    "email": timedelta(hours=1),
}
_KEPT = timedelta(days=7)  # so that an old link is called old, and not unknown


class DeadLink(ServiceError):
    """A link does not work, or not any more; `why` is unknown, used or expired."""

    code = "dead_link"
    status = 410

    def __init__(self, why: str, purpose: str = "") -> None:
        self.why, self.purpose = why, purpose
        super().__init__(why)


def _open(session: Session, purpose: str, email: str, user_id: int | None) -> AccountLink:
    """A new link, of nobody where `user_id` is None."""
    at = now()
    link = AccountLink(
        id=str(uuid.uuid4()),
        user_id=user_id,
        purpose=purpose,
        email=email,
        created_at=at,
        expires_at=at + _LIVES[purpose],
    )
    session.add(link)
    session.flush()
    return link


def _send(
    session: Session, purpose: str, email: str, user_id: int | None, **details: str
) -> AccountLink:
    """Send a new link to its address, when the transaction has committed.

    One without a user is sent to the address only where that is for strangers.
    """
    link = _open(session, purpose, email, user_id)
    recipient = email if purpose in ("register", "email") else None
    details |= {"link": link.id}
    mails._queue(session, user_id, purpose, key=link.id, recipient=recipient, **details)
    return link


def find(link_id: str | None) -> AccountLink:
    """A link that would work now; raise DeadLink."""
    link = db.session.scalar(select(AccountLink).where(AccountLink.id == link_id))
    if link is None:
        raise DeadLink("unknown")
    if link.used_at is not None:
        raise DeadLink("used", link.purpose)
    if link.expires_at <= now():
        raise DeadLink("expired", link.purpose)
    return link


def _use(session: Session, link: AccountLink) -> None:
    """Use a link up; raise DeadLink where somebody did meanwhile."""
    used = session.execute(
        update(AccountLink)
        .where(
            AccountLink.id == link.id,
            AccountLink.used_at.is_(None),
            AccountLink.expires_at > now(),
        )
        .values(used_at=now())
        .returning(AccountLink.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise DeadLink("used", link.purpose)


def _belongs(session: Session, link: AccountLink, user_id: int) -> None:
    """Let a link, and the mail that it was in, be the new user's, so that they go with the user."""
    session.execute(update(AccountLink).where(AccountLink.id == link.id).values(user_id=user_id))
    mails._belongs(session, link.id, user_id)


def _owner(session: Session, link: AccountLink) -> User:
    """Whose link it is, locked; raise DeadLink where nobody may use the account."""
    user = None
    if link.user_id is not None:
        user = session.get(User, link.user_id, with_for_update=True, populate_existing=True)
    if user is None or not user.is_active:
        raise DeadLink("unknown")
    return user


def _close_all(session: Session, user_id: int) -> None:
    """Let no open link of a user work any more."""
    session.execute(
        update(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.used_at.is_(None))
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )


def _forget(session: Session, user_id: int, email: str) -> None:
    """Drop a user's links, and those that went to the address for an account to come."""
    strangers = and_(AccountLink.user_id.is_(None), AccountLink.email == email)
    session.execute(delete(AccountLink).where(or_(AccountLink.user_id == user_id, strangers)))
    mails._forget_stranger(session, email)


@retried
def forget_old() -> int:
    """Drop links that were over long ago, and accounts that nobody confirmed; return how many."""
    mails.forget_strangers(now() - _KEPT)
    with transaction() as session:
        gone = delete(AccountLink).where(AccountLink.expires_at <= now() - _KEPT)
        return len(session.scalars(gone.returning(AccountLink.id)).all())
