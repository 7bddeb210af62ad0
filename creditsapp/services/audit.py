"""The operators' audit trail: who changed what by a command, and why."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import OperatorAction
from creditsapp.services.keys import caller_key
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, now, streamed, transaction


@dataclass(frozen=True)
class Decision:
    """Who decides (`user@host`), why, and the key under which a repeat changes nothing."""

    actor: str
    reason: str
    key: str | None = None

    @property
    def stored_key(self) -> str | None:
        """The key as it is kept; raise InvalidKey."""
        return None if self.key is None else caller_key(self.key)


def person(actor: str) -> str:
    """The operator in `user@host` or, under sudo, `user@host as root`: the same on every host."""
    name = actor.partition(" ")[0]
    return name.rpartition("@")[0] or name


def _record(
    session: Session,
    *,
    actor: str,
    command: str,
    subject: str,
    reason: str,
    details: dict[str, Any],
    key: str | None = None,
) -> None:
    """Write one line, in the transaction of what it tells of."""
    session.add(OperatorAction(**_line(actor, command, subject, reason, details, key)))


def _line(
    actor: str, command: str, subject: str, reason: str, details: dict[str, Any], key: str | None
) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "actor": actor,
        "command": command,
        "subject": subject,
        "reason": reason,
        "details": details,
        "idempotency_key": key,
        "created_at": now(),
    }


@retried
def begin(command: str, subject: str, decision: Decision, details: dict[str, Any]) -> bool:
    """Write the line of work in many transactions before the first; False if its key did it."""
    line = _line(decision.actor, command, subject, decision.reason, details, decision.stored_key)
    with transaction() as session:
        return insert_new(session, OperatorAction, **line)


def done(command: str, subject: str, key: str) -> OperatorAction | None:
    """What was carried out on a subject by this command with this stored key."""
    return db.session.scalar(
        select(OperatorAction).where(
            OperatorAction.command == command,
            OperatorAction.subject == subject,
            OperatorAction.idempotency_key == key,
        )
    )


def trail(
    since: datetime | None = None, subjects: set[str] | None = None
) -> Iterator[OperatorAction]:
    """The lines, oldest first: all, or those since a time, or about some subjects."""
    query = select(OperatorAction).order_by(OperatorAction.created_at, OperatorAction.id)
    if since is not None:
        query = query.where(OperatorAction.created_at >= since)
    if subjects is not None:
        query = query.where(OperatorAction.subject.in_(subjects))
    return (row[0] for row in streamed(query))
