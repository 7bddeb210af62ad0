"""The outbox of mails: queued in the transaction of what they tell of, and looked at later.

A mail names its kind and a few details; no secret stands in it, and its words are made only when
it is sent.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, defer

from creditsapp.extensions import db
from creditsapp.models import Mail
from creditsapp.services import audit
from creditsapp.services.audit import Decision
from creditsapp.services.errors import NothingToDecide, ServiceError
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, locked, now, streamed, transaction

QUEUED = "mails queued"
RETRY = "mail retry"


class MailNotFound(ServiceError):
    """The outbox has no mail with this number."""

    code = "not_found"
    status = 404


def _queue(
    session: Session,
    user_id: int | None,
    kind: str,
    *,
    key: str,
    recipient: str | None = None,
    **details: Any,
) -> None:
    """Queue a mail to a user with a wallet, or to nobody's address; the same key twice is one mail.

    `recipient` only where it is not the user's address as it will be. Credits among the details
    are whole ten-thousandths, as the database keeps them.
    """
    at = now()
    insert_new(
        session,
        Mail,
        user_id=user_id,
        kind=kind,
        recipient=recipient,
        details=details,
        key=key,
        status="waiting",
        attempts=0,
        created_at=at,
        due_at=at,
    )
    note_queued()


def note_queued() -> None:
    """Let whoever sends after a request know that there is something."""
    db.session.info[QUEUED] = True


def queued_here() -> bool:
    """Whether a mail was queued since this was last asked, by this thread's session."""
    return db.session.registry.has() and bool(db.session().info.pop(QUEUED, False))


def _belongs(session: Session, key: str, user_id: int) -> None:
    """Let a mail to a stranger be that of the user whom it made."""
    session.execute(update(Mail).where(Mail.key == key).values(user_id=user_id))


def _forget(session: Session, user_id: int) -> None:
    """Send a user nothing more, and keep no address and no words of what was sent."""
    session.execute(
        update(Mail)
        .where(Mail.user_id == user_id, Mail.status == "waiting")
        .values(status="dropped", due_at=None)
    )
    session.execute(
        update(Mail)
        .where(Mail.user_id == user_id)
        .values(recipient=None, text=None, last_error=None)
    )


@retried
def forget_strangers(before: datetime) -> int:
    """Drop old mails to people who had no account; return how many."""
    with transaction() as session:
        gone = delete(Mail).where(
            Mail.user_id.is_(None), Mail.status != "waiting", Mail.created_at < before
        )
        return len(session.scalars(gone.returning(Mail.id)).all())


def _forget_stranger(session: Session, recipient: str) -> None:
    """Drop the mails to an address from when it had no account."""
    session.execute(delete(Mail).where(Mail.user_id.is_(None), Mail.recipient == recipient))


def find(mail_id: int) -> Mail:
    """A mail of the outbox; raise MailNotFound."""
    found = db.session.get(Mail, mail_id) if 0 < mail_id < 2**63 else None
    if found is None:
        raise MailNotFound("There is no such mail.")
    return found


def stored(status: str | None = None) -> Iterator[Mail]:
    """The mails of the outbox, oldest first, without their words."""
    query = select(Mail).order_by(Mail.id).options(defer(Mail.text, raiseload=True))
    if status is not None:
        query = query.where(Mail.status == status)
    return (row[0] for row in streamed(query))


@retried
def retry(mail_id: int, decision: Decision) -> None:
    """Let a mail be tried anew, as if it had just been queued.

    A key that did this before does nothing. Raise MailNotFound, or NothingToDecide for one that was
    sent.
    """
    key, subject = decision.stored_key, f"mail {mail_id}"
    with transaction() as session:
        mail = locked(session, Mail, find(mail_id).id)
        assert mail is not None  # mails are never deleted
        if key is not None and audit.done(RETRY, subject, key):
            return
        if mail.status == "sent":
            raise NothingToDecide("This mail was sent already.")
        mail.status, mail.attempts, mail.last_error, mail.due_at = "waiting", 0, None, now()
        audit._record(
            session,
            actor=decision.actor,
            command=RETRY,
            subject=subject,
            reason=decision.reason,
            details={},
            key=key,
        )
