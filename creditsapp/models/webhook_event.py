"""The inbox of Dodo's webhooks."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base


class WebhookEvent(Base):
    """A verified webhook as it came, and what was made of it."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        CheckConstraint("attempts >= 1", "attempted"),
        Index(None, "status", "received_at"),
        Index(None, "payment_id"),
        Index(
            None,
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
            sqlite_where=text("next_attempt_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(120))
    payment_id: Mapped[str | None] = mapped_column(String(255))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=1)
    last_error: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
