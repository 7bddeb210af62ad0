"""What operators asked Dodo to refund, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refund_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("payment_id", sa.String(length=255), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("refund_id", sa.String(length=255), nullable=True),
        sa.Column("refund_status", sa.String(length=40), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("idempotency_key", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('asked', 'taken', 'refused', 'unknown')",
            name=op.f("ck_refund_requests_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_requests_amount_positive")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name="fk_refund_requests_payment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refund_requests"),
    )
    op.create_index(
        "uq_refund_requests_key", "refund_requests", ["payment_id", "idempotency_key"], unique=True
    )
    op.create_index(
        "uq_refund_requests_open",
        "refund_requests",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('asked', 'unknown')"),
        sqlite_where=sa.text("status IN ('asked', 'unknown')"),
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM refund_requests LIMIT 1")):
        raise RuntimeError("refund_requests has rows, which going down would lose")
    op.drop_table("refund_requests")
