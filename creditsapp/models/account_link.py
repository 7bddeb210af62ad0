"""What is sent to a mailbox, to see that its owner reads it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base


class AccountLink(Base):
    """A link that works once, for a while, and for one purpose.

    It holds no token: that is a keyed hash of its id. A reset for an address that nobody has, and
    an account that waits for its confirmation, have no user.
    """

    __tablename__ = "account_links"
    __table_args__ = (
        CheckConstraint("purpose IN ('register', 'verify', 'reset', 'email')", "purpose_known"),
        Index(None, "user_id"),
        Index(None, "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(16))
    email: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Registration(Base):
    """An account that is made once its link is confirmed; nobody else learns if it could be."""

    __tablename__ = "registrations"

    link_id: Mapped[str] = mapped_column(
        ForeignKey("account_links.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(8))
