"""A webhook that failed, or waits for its payment, says when it is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "webhook_events", sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        "UPDATE webhook_events SET next_attempt_at = received_at"
        " WHERE status IN ('failed', 'parked')"
    )
    op.create_index(
        "ix_webhook_events_next_attempt_at",
        "webhook_events",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_events_next_attempt_at", table_name="webhook_events")
    op.drop_column("webhook_events", "next_attempt_at")
