"""The outbox: what is to be told to somebody by mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base, BigId

MAIL_STATUSES = ("waiting", "sent", "failed", "dropped")
WAITING = "status = 'waiting'"  # a query has to say so in these words to use the index


class Mail(Base):
    """A mail, written in the transaction of what it tells of; its words are made when it is sent.

    Somebody without an account is no user. `recipient` is empty where it goes to the user's
    address as it is by then. `text` is kept only where there is no mail server, so that somebody
    can read it.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(f"status IN {MAIL_STATUSES}", "status_known"),
        CheckConstraint("(status = 'waiting') = (due_at IS NOT NULL)", "waiting_has_its_time"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", "sent_has_its_time"),
        Index(
            "ix_mails_waiting",
            "due_at",
            postgresql_where=text(WAITING),
            sqlite_where=text(WAITING),
        ),
        Index(None, "user_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("wallets.user_id"))
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str | None] = mapped_column(String(320))
    details: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(String(300), unique=True)
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str | None] = mapped_column(Text)
