"""What was ordered (purchases) and what Dodo says became of the money (payments and below)."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    and_,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base

PURCHASE_STATUSES = (
    "created",
    "pending",
    "paid",
    "failed",
    "cancelled",
    "expired",
    "review",
    "rejected",
)


class Purchase(Base):
    """An order of credits, written before Dodo is asked."""

    __tablename__ = "purchases"
    __table_args__ = (
        CheckConstraint(f"status IN {PURCHASE_STATUSES}", "status_known"),
        CheckConstraint("dollars >= 1", "dollars_positive"),
        CheckConstraint("credits > 0", "credits_positive"),
        Index("uq_purchases_form_key", "user_id", "form_key", unique=True),
        Index(None, "user_id", "created_at"),
        Index(None, "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("wallets.user_id"))
    dollars: Mapped[int]
    credits: Mapped[Decimal]
    status: Mapped[str] = mapped_column(String(16))
    form_key: Mapped[str | None] = mapped_column(String(300))
    checkout_session_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    return_to: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]


class Payment(Base):
    """What Dodo says about one payment; amounts are minor units of their currency."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("credited >= 0", "credited_not_negative"),
        CheckConstraint("reversed_credits BETWEEN 0 AND credited", "reversed_within_credited"),
        CheckConstraint("decision IN ('approved', 'rejected', 'refunded')", "decision_known"),
        Index(None, "purchase_id"),
        Index(None, "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    purchase_id: Mapped[str | None] = mapped_column(ForeignKey("purchases.id"))
    checkout_session_id: Mapped[str | None] = mapped_column(String(255))
    customer_id: Mapped[str | None] = mapped_column(String(255))
    business_id: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str | None] = mapped_column(String(3))
    total: Mapped[int | None] = mapped_column(BigInteger)
    tax: Mapped[int | None] = mapped_column(BigInteger)
    settlement_currency: Mapped[str | None] = mapped_column(String(3))
    settlement: Mapped[int | None] = mapped_column(BigInteger)
    credited: Mapped[Decimal] = mapped_column(default=Decimal(0))
    reversed_credits: Mapped[Decimal] = mapped_column(default=Decimal(0))
    settlements: Mapped[int] = mapped_column(default=0)
    review_reason: Mapped[str | None] = mapped_column(String(500))
    decision: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @hybrid_property
    def waits(self) -> bool:
        """Whether a person has to decide about it."""
        return self.review_reason is not None and self.decision is None

    @waits.inplace.expression
    @classmethod
    def _waits(cls) -> ColumnElement[bool]:
        return and_(cls.review_reason.is_not(None), cls.decision.is_(None))


class PaymentRefund(Base):
    """One refund of a payment, by Dodo's refund id."""

    __tablename__ = "payment_refunds"
    __table_args__ = (
        CheckConstraint("amount IS NULL OR amount >= 0", "amount_not_negative"),
        Index(None, "payment_id"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    status: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    is_partial: Mapped[bool | None]
    amount_at: Mapped[datetime | None]
    amount_status: Mapped[str | None] = mapped_column(String(40))
    event_at: Mapped[datetime]
    created_at: Mapped[datetime]


class PaymentDispute(Base):
    """One dispute of a payment, by Dodo's dispute id."""

    __tablename__ = "payment_disputes"
    __table_args__ = (Index(None, "payment_id"),)

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    status: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str | None] = mapped_column(String(40))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    event_at: Mapped[datetime]
    created_at: Mapped[datetime]
