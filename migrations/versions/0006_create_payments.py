"""What Dodo says became of the money."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("purchase_id", sa.String(length=36), nullable=True),
        sa.Column("checkout_session_id", sa.String(length=255), nullable=True),
        sa.Column("customer_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("tax", sa.BigInteger(), nullable=True),
        sa.Column("settlement_currency", sa.String(length=3), nullable=True),
        sa.Column("settlement", sa.BigInteger(), nullable=True),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("reversed_credits", sa.BigInteger(), nullable=False),
        sa.Column("settlements", sa.Integer(), nullable=False),
        sa.Column("review_reason", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("credited >= 0", name=op.f("ck_payments_credited_not_negative")),
        sa.CheckConstraint(
            "reversed_credits BETWEEN 0 AND credited",
            name=op.f("ck_payments_reversed_within_credited"),
        ),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchases.id"], name="fk_payments_purchase_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
    )
    op.create_index("ix_payments_purchase_id", "payments", ["purchase_id"], unique=False)
    op.create_index(
        "ix_payments_status_created_at", "payments", ["status", "created_at"], unique=False
    )
    op.create_table(
        "payment_refunds",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("payment_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("is_partial", sa.Boolean(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount IS NULL OR amount >= 0", name=op.f("ck_payment_refunds_amount_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name="fk_payment_refunds_payment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payment_refunds"),
    )
    op.create_index(
        "ix_payment_refunds_payment_id", "payment_refunds", ["payment_id"], unique=False
    )
    op.create_table(
        "payment_disputes",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("payment_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name="fk_payment_disputes_payment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payment_disputes"),
    )
    op.create_index(
        "ix_payment_disputes_payment_id", "payment_disputes", ["payment_id"], unique=False
    )


def downgrade() -> None:
    for table in ("payments", "payment_refunds", "payment_disputes"):
        if op.get_bind().scalar(sa.text(f"SELECT 1 FROM {table} LIMIT 1")):
            raise RuntimeError(f"{table} has rows, which going down would lose")
    op.drop_table("payment_disputes")
    op.drop_table("payment_refunds")
    op.drop_table("payments")
