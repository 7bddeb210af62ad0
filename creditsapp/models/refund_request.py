"""What operators asked Dodo to refund."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base

OPEN = "status IN ('asked', 'unknown')"


class RefundRequest(Base):
    """One question to Dodo, written down before it is asked; `amount` None is all that is left.

    `unknown` has lost its answer. Of each payment one request at most is open.
    """

    __tablename__ = "refund_requests"
    __table_args__ = (
        CheckConstraint("status IN ('asked', 'taken', 'refused', 'unknown')", "status_known"),
        CheckConstraint("amount > 0", "amount_positive"),
        Index("uq_refund_requests_key", "payment_id", "idempotency_key", unique=True),
        Index(
            "uq_refund_requests_open",
            "payment_id",
            unique=True,
            postgresql_where=text(OPEN),
            sqlite_where=text(OPEN),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    refund_id: Mapped[str | None] = mapped_column(String(255))
    refund_status: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(String(500))
    idempotency_key: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
