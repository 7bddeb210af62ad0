"""When the ledger was proven, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wallets", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("problems", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("problems >= 0", name=op.f("ck_proofs_problems_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_proofs"),
    )


def downgrade() -> None:
    op.drop_table("proofs")
