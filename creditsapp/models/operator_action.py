"""The operators' audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base


class OperatorAction(Base):
    """Who changed what by a command, and why."""

    __tablename__ = "operator_actions"
    __table_args__ = (
        Index("uq_operator_actions_key", "command", "subject", "idempotency_key", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    actor: Mapped[str] = mapped_column(String(120))
    command: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(String(500))
    details: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
