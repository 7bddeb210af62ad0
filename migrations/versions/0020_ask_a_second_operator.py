"""Large grants, which one operator asks for and another decides."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grant_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("idempotency_key", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_grant_requests_amount_positive")),
        sa.CheckConstraint(
            "type IN ('bonus', 'adjustment')", name=op.f("ck_grant_requests_type_known")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'granted', 'rejected')",
            name=op.f("ck_grant_requests_status_known"),
        ),
        sa.CheckConstraint(
            "decided_by <> requested_by", name=op.f("ck_grant_requests_decided_by_another")
        ),
        sa.CheckConstraint(
            "(status = 'waiting') = (decided_by IS NULL)",
            name=op.f("ck_grant_requests_decided_has_its_person"),
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_grant_requests_decided_has_its_time"),
        ),
        sa.CheckConstraint(
            "(status = 'granted') = (entry_number IS NOT NULL)",
            name=op.f("ck_grant_requests_granted_has_its_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "entry_number"],
            ["ledger_entries.user_id", "ledger_entries.number"],
            name="fk_grant_requests_user_id_entry_number",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["wallets.user_id"], name="fk_grant_requests_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_grant_requests"),
    )
    op.create_index(
        "uq_grant_requests_key", "grant_requests", ["user_id", "idempotency_key"], unique=True
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM grant_requests LIMIT 1")):
        raise RuntimeError("grant_requests has rows, which going down would lose")
    op.drop_table("grant_requests")
