"""The people who sign in."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base, BigId


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Login has no types
    """An account. Money hangs on its id alone: see the wallet.

    `welcome` is what became of its welcome credits: given, repeated (the person had them before),
    network (too many for one network and day), or none (there were none to give).
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    session_version: Mapped[int] = mapped_column(default=1)
    welcome: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8), default="en", server_default="en")
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""
        return self.disabled_at is None and self.erased_at is None

    def get_id(self) -> str:
        """The session's claim; a new session version ends every older session."""
        return f"{self.id}.{self.session_version}"
