"""Grants that are too large for one operator."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base, BigId


class GrantRequest(Base):
    """Credits that one operator asks for, and that another grants or rejects.

    People stand here without their host. A request that waits past its time counts for nothing.
    """

    __tablename__ = "grant_requests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "entry_number"], ["ledger_entries.user_id", "ledger_entries.number"]
        ),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("type IN ('bonus', 'adjustment')", "type_known"),
        CheckConstraint("status IN ('waiting', 'granted', 'rejected')", "status_known"),
        CheckConstraint("decided_by <> requested_by", "decided_by_another"),
        CheckConstraint("(status = 'waiting') = (decided_by IS NULL)", "decided_has_its_person"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", "decided_has_its_time"),
        CheckConstraint(
            "(status = 'granted') = (entry_number IS NOT NULL)", "granted_has_its_entry"
        ),
        Index("uq_grant_requests_key", "user_id", "idempotency_key", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("wallets.user_id"))
    amount: Mapped[Decimal]
    type: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(500))
    idempotency_key: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    requested_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(120))
    decided_at: Mapped[datetime | None]
    entry_number: Mapped[int | None] = mapped_column(BigInteger)
