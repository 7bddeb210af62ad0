"""Wallets and their ledger, amounts in ten-thousandths of a credit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIMIT = 10**16  # a million million credits


def upgrade() -> None:
    op.create_table(
        "wallets",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lifetime_added", sa.BigInteger(), nullable=False),
        sa.Column("lifetime_used", sa.BigInteger(), nullable=False),
        sa.Column("dodo_customer_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "balance = lifetime_added - lifetime_used", name=op.f("ck_wallets_balance_is_lifetime")
        ),
        sa.CheckConstraint(
            f"balance BETWEEN {-LIMIT} AND {LIMIT}", name=op.f("ck_wallets_balance_in_range")
        ),
        sa.CheckConstraint(f"held <= {LIMIT}", name=op.f("ck_wallets_held_in_range")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_wallets_held_not_negative")),
        sa.CheckConstraint(
            f"lifetime_used BETWEEN 0 AND {LIMIT}", name=op.f("ck_wallets_lifetime_used_in_range")
        ),
        sa.CheckConstraint("version >= 0", name=op.f("ck_wallets_version_not_negative")),
        sa.PrimaryKeyConstraint("user_id", name="pk_wallets"),
        sa.UniqueConstraint("dodo_customer_id", name="uq_wallets_dodo_customer_id"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=300), nullable=False),
        sa.Column("hold_id", sa.String(length=36), nullable=True),
        sa.Column("purchase_id", sa.String(length=36), nullable=True),
        sa.Column("payment_id", sa.String(length=255), nullable=True),
        sa.Column("refunded_number", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(type IN ('initial', 'purchase', 'bonus') AND amount > 0)"
            " OR (type = 'usage' AND amount < 0)"
            " OR (type IN ('refund', 'dispute', 'adjustment') AND amount <> 0)",
            name=op.f("ck_ledger_entries_signs_match_types"),
        ),
        sa.CheckConstraint(
            "type <> 'usage' OR balance_after >= 0",
            name=op.f("ck_ledger_entries_usage_makes_no_debt"),
        ),
        sa.CheckConstraint(
            f"amount BETWEEN {-LIMIT} AND {LIMIT}", name=op.f("ck_ledger_entries_amount_in_range")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_ledger_entries_number_from_one")),
        sa.ForeignKeyConstraint(
            ["user_id", "refunded_number"],
            ["ledger_entries.user_id", "ledger_entries.number"],
            name="fk_ledger_entries_user_id_refunded_number",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["wallets.user_id"], name="fk_ledger_entries_user_id"),
        sa.PrimaryKeyConstraint("user_id", "number", name="pk_ledger_entries"),
        sa.UniqueConstraint("user_id", "hold_id", name="uq_ledger_entries_user_id_hold_id"),
        sa.UniqueConstraint(
            "user_id", "idempotency_key", name="uq_ledger_entries_user_id_idempotency_key"
        ),
    )
    op.create_index(
        "ix_ledger_entries_refunded",
        "ledger_entries",
        ["user_id", "refunded_number"],
        unique=False,
        postgresql_where=sa.text("refunded_number IS NOT NULL"),
        sqlite_where=sa.text("refunded_number IS NOT NULL"),
    )
    op.create_index(
        "ix_ledger_entries_user_id_created_at_type_amount",
        "ledger_entries",
        ["user_id", "created_at", "type", "amount"],
        unique=False,
    )


def downgrade() -> None:
    for table in ("wallets", "ledger_entries"):
        if op.get_bind().scalar(sa.text(f"SELECT 1 FROM {table} LIMIT 1")):
            raise RuntimeError(f"{table} has rows, which going down would lose")
    op.drop_table("ledger_entries")
    op.drop_table("wallets")
