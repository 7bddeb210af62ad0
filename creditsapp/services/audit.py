"""The operators' audit trail: who changed what by a command, and why."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import OperatorAction
from creditsapp.services.transaction import now


@dataclass(frozen=True)
class Decision:
    """Who decides, why, and the key under which a repeat changes nothing."""

    actor: str
    reason: str
    key: str | None = None


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
    session.add(
        OperatorAction(
            id=str(uuid.uuid4()),
            actor=actor,
            command=command,
            subject=subject,
            reason=reason,
            details=details,
            idempotency_key=key,
            created_at=now(),
        )
    )


def done(command: str, subject: str, key: str) -> OperatorAction | None:
    """What was carried out on a subject by this command with this stored key."""
    return db.session.scalar(
        select(OperatorAction).where(
            OperatorAction.command == command,
            OperatorAction.subject == subject,
            OperatorAction.idempotency_key == key,
        )
    )
