"""Creations are found by the entry that paid for them: an index by their time served nobody."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_creations_user_id_created_at", table_name="creations")


def downgrade() -> None:
    op.create_index(
        "ix_creations_user_id_created_at", "creations", ["user_id", "created_at"], unique=False
    )
