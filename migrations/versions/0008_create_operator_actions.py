"""The operators' audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_actions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("command", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_actions"),
    )
    op.create_index(
        "uq_operator_actions_key",
        "operator_actions",
        ["command", "subject", "idempotency_key"],
        unique=True,
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM operator_actions LIMIT 1")):
        raise RuntimeError("operator_actions has rows, which going down would lose")
    op.drop_table("operator_actions")
