"""Credits reserved for work under way."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=300), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("entry_number", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'captured') = (entry_number IS NOT NULL)",
            name=op.f("ck_holds_captured_has_its_entry"),
        ),
        sa.CheckConstraint(
            "(status = 'held') = (resolved_at IS NULL)", name=op.f("ck_holds_resolved_has_its_time")
        ),
        sa.CheckConstraint(
            "status IN ('held', 'captured', 'released', 'expired')",
            name=op.f("ck_holds_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_holds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["user_id", "entry_number"],
            ["ledger_entries.user_id", "ledger_entries.number"],
            name="fk_holds_user_id_entry_number",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["wallets.user_id"], name="fk_holds_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index(
        "ix_holds_open",
        "holds",
        ["user_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'held'"),
        sqlite_where=sa.text("status = 'held'"),
    )
    op.create_index(
        "uq_holds_live_key",
        "holds",
        ["user_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("status IN ('held', 'captured')"),
        sqlite_where=sa.text("status IN ('held', 'captured')"),
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM holds LIMIT 1")):
        raise RuntimeError("holds has rows, which going down would lose")
    op.drop_table("holds")
