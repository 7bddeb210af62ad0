"""Sessions that were signed out of."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base


class EndedSession(Base):
    """A session whose cookie is refused, until it would be too old anyway."""

    __tablename__ = "ended_sessions"
    __table_args__ = (Index(None, "forget_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    forget_at: Mapped[datetime]
