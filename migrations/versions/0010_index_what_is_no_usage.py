"""What came in or was taken back is found without reading usages, most of every ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_ledger_entries_no_usage",
        "ledger_entries",
        ["user_id", "number", "amount"],
        unique=False,
        postgresql_where=sa.text("type <> 'usage'"),
        sqlite_where=sa.text("type <> 'usage'"),
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_entries_no_usage", table_name="ledger_entries")
