"""Wallet, ledger entries and holds: one file, since one invariant spans the three tables.

`user_id` is whatever number the host application gives its users; nothing here knows more of them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base

LIMIT_UNITS = 10**16  # ±10^12 credits
LONGEST_HOLD = 365 * 24 * 3600  # seconds
SIGNS_MATCH_TYPES = (
    "(type IN ('initial', 'purchase', 'bonus') AND amount > 0)"
    " OR (type = 'usage' AND amount < 0)"
    " OR (type IN ('refund', 'dispute', 'adjustment') AND amount <> 0)"
)
NO_USAGE = "type <> 'usage'"  # a query has to say so in these words to use the index


class Wallet(Base):
    """What a user has. Only `services.posting` and the holds change it."""

    __tablename__ = "wallets"
    __table_args__ = (
        CheckConstraint("balance = lifetime_added - lifetime_used", "balance_is_lifetime"),
        CheckConstraint("held >= 0", "held_not_negative"),
        CheckConstraint("version >= 0", "version_not_negative"),
        CheckConstraint(f"balance BETWEEN -{LIMIT_UNITS} AND {LIMIT_UNITS}", "balance_in_range"),
        CheckConstraint(f"held <= {LIMIT_UNITS}", "held_in_range"),
        CheckConstraint(
            f"lifetime_used BETWEEN 0 AND {LIMIT_UNITS}",
            "lifetime_used_in_range",
        ),
    )

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    balance: Mapped[Decimal] = mapped_column(default=Decimal(0))
    held: Mapped[Decimal] = mapped_column(default=Decimal(0))
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    lifetime_added: Mapped[Decimal] = mapped_column(default=Decimal(0))
    lifetime_used: Mapped[Decimal] = mapped_column(default=Decimal(0))
    alert_below: Mapped[Decimal | None]
    dodo_customer_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime]


class LedgerEntry(Base):
    """One movement of credits: appended once, never changed."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key"),
        UniqueConstraint("user_id", "hold_id"),
        ForeignKeyConstraint(
            ["user_id", "refunded_number"], ["ledger_entries.user_id", "ledger_entries.number"]
        ),
        CheckConstraint(SIGNS_MATCH_TYPES, "signs_match_types"),
        CheckConstraint("type <> 'usage' OR balance_after >= 0", "usage_makes_no_debt"),
        CheckConstraint(f"amount BETWEEN -{LIMIT_UNITS} AND {LIMIT_UNITS}", "amount_in_range"),
        CheckConstraint("number >= 1", "number_from_one"),
        Index(None, "user_id", "created_at", "type", "amount"),
        Index(
            "ix_ledger_entries_refunded",
            "user_id",
            "refunded_number",
            postgresql_where=text("refunded_number IS NOT NULL"),
            sqlite_where=text("refunded_number IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entries_no_usage",
            "user_id",
            "number",
            "amount",
            postgresql_where=text(NO_USAGE),
            sqlite_where=text(NO_USAGE),
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("wallets.user_id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    amount: Mapped[Decimal]
    balance_after: Mapped[Decimal]
    type: Mapped[str] = mapped_column(String(16))
    operation: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(500))
    details: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str] = mapped_column(String(300))
    hold_id: Mapped[str | None] = mapped_column(String(36))
    purchase_id: Mapped[str | None] = mapped_column(String(36))
    payment_id: Mapped[str | None] = mapped_column(String(255))
    refunded_number: Mapped[int | None] = mapped_column(BigInteger)
    actor: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime]


class Hold(Base):
    """Credits reserved for work that is under way."""

    __tablename__ = "holds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "entry_number"], ["ledger_entries.user_id", "ledger_entries.number"]
        ),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("status IN ('held', 'captured', 'released', 'expired')", "status_known"),
        CheckConstraint(
            "(status = 'captured') = (entry_number IS NOT NULL)", "captured_has_its_entry"
        ),
        CheckConstraint("(status = 'held') = (resolved_at IS NULL)", "resolved_has_its_time"),
        Index(
            "uq_holds_live_key",
            "user_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("status IN ('held', 'captured')"),
            sqlite_where=text("status IN ('held', 'captured')"),
        ),
        Index(
            "ix_holds_open",
            "user_id",
            "expires_at",
            postgresql_where=text("status = 'held'"),
            sqlite_where=text("status = 'held'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("wallets.user_id"))
    amount: Mapped[Decimal]
    operation: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(16))
    idempotency_key: Mapped[str | None] = mapped_column(String(300))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    entry_number: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
