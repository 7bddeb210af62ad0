"""Sending what the outbox has: claimed by one sender at a time, tried again with patience.

Two senders never send a mail at the same instant. One that is killed between the server's answer
and our writing it down lets the mail go out twice: SMTP has no way to say "once".
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from creditsapp.models import Mail, User
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import end_reads, now, transaction

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than a server may take over one mail
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 20  # over some three days
TO_STRANGERS = frozenset({"register"})  # what goes to an address without an account


@dataclass(frozen=True)
class Letter:
    """A mail to be sent now, and to whom."""

    id: int
    user_id: int | None
    kind: str
    recipient: str
    language: str
    details: dict[str, Any]
    key: str
    created_at: datetime
    attempt: int


class NotSent(Exception):
    """A mail did not go out, for a reason in one line.

    `final`: it never will. `server`: the reason is not this mail's, and others need not be tried.
    """

    def __init__(self, reason: str, *, final: bool = False, server: bool = False) -> None:
        self.final, self.server = final, server
        super().__init__(reason)


class Obsolete(Exception):
    """A mail has nothing to say any more, and is dropped."""


Send = Callable[[Letter], str | None]


def send_due(send: Send, until: Callable[[], bool] = lambda: False) -> int:
    """Send what is due by now, unless `until` says to end before; return how many went out.

    `send` makes the words and hands them over, without a connection to the database meanwhile,
    and returns those that are to be kept. It raises NotSent or Obsolete.
    """
    began, sent = now(), 0
    while not until() and (claimed := _claim(began)) is not None:
        letter, wanted = claimed
        if not wanted:
            _end(letter, "dropped")
            continue
        try:
            text = send(letter)
        except Obsolete:
            _end(letter, "dropped")
        except NotSent as failure:
            _put_off(letter, str(failure), final=failure.final)
            if failure.server:
                break
        except Exception as error:  # it must not stop the others
            log.exception("mail %s could not be written", letter.id)
            _put_off(letter, f"it could not be written: {type(error).__name__}")
        else:
            _end(letter, "sent", text)
            sent += 1
        end_reads()
    return sent


@retried
def _claim(before: datetime) -> tuple[Letter, bool] | None:
    """Take the mail that has waited longest, and whether its user may have it."""
    with transaction() as session:
        due = (
            select(Mail.id)
            .where(Mail.status == "waiting", Mail.due_at <= before)
            .order_by(Mail.due_at, Mail.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        mail = session.scalar(
            update(Mail)
            .where(Mail.id == due, Mail.status == "waiting", Mail.due_at <= before)
            .values(due_at=now() + LEASE, attempts=Mail.attempts + 1)
            .returning(Mail)
            .execution_options(populate_existing=True)
        )
        if mail is None:
            return None
        user = None
        if mail.user_id is not None:
            user = session.get(User, mail.user_id, populate_existing=True)
        letter = Letter(
            id=mail.id,
            user_id=mail.user_id,
            kind=mail.kind,
            recipient=mail.recipient or (user.email if user else ""),
            language=user.language if user else mail.details.get("language", "en"),
            details=mail.details,
            key=mail.key,
            created_at=mail.created_at,
            attempt=mail.attempts,
        )
        return letter, _may_have(user, mail.kind)


def _may_have(user: User | None, kind: str) -> bool:
    if user is None:
        return kind in TO_STRANGERS
    return user.is_active


@retried
def _end(letter: Letter, status: str, text: str | None = None) -> None:
    at = now()
    with transaction() as session:
        session.execute(
            update(Mail)
            .where(Mail.id == letter.id, Mail.status == "waiting")
            .values(
                status=status,
                due_at=None,
                sent_at=at if status == "sent" else None,
                last_error=None,
                text=text,
            )
        )


@retried
def _put_off(letter: Letter, reason: str, *, final: bool = False) -> None:
    """Try again twice as late as the last time, or give up."""
    wait = min(FIRST_WAIT * (1 << min(letter.attempt - 1, 20)), LONGEST_WAIT)
    over = final or letter.attempt >= MOST_ATTEMPTS
    with transaction() as session:
        session.execute(
            update(Mail)
            .where(
                Mail.id == letter.id,
                Mail.status == "waiting",
                Mail.attempts == letter.attempt,
            )
            .values(
                status="failed" if over else "waiting",
                due_at=None if over else now() + wait,
                last_error=reason[:300],
            )
        )
