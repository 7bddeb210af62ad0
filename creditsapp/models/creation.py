"""What users made, kept in the database so that app servers keep no state."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base

MAX_BYTES = 2 * 1024 * 1024


class Creation(Base):
    """The result of one paid operation."""

    __tablename__ = "creations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "entry_number"], ["ledger_entries.user_id", "ledger_entries.number"]
        ),
        CheckConstraint(f"length(content) <= {MAX_BYTES}", "content_within_2_mb"),
        Index("uq_creations_entry", "user_id", "entry_number", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    operation: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(120))
    extension: Mapped[str] = mapped_column(String(8))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    entry_number: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
