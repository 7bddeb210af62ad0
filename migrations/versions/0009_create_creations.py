"""What users made."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "creations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("extension", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("entry_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(content) <= 2097152", name=op.f("ck_creations_content_within_2_mb")
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "entry_number"],
            ["ledger_entries.user_id", "ledger_entries.number"],
            name="fk_creations_user_id_entry_number",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_creations_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_creations"),
    )
    op.create_index(
        "ix_creations_user_id_created_at", "creations", ["user_id", "created_at"], unique=False
    )
    op.create_index("uq_creations_entry", "creations", ["user_id", "entry_number"], unique=True)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM creations LIMIT 1")):
        raise RuntimeError("creations has rows, which going down would lose")
    op.drop_table("creations")
