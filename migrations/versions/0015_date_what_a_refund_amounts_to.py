"""The amount of a refund is of the report that said it, which may not be the newest."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payment_refunds", sa.Column("amount_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "payment_refunds", sa.Column("amount_status", sa.String(length=40), nullable=True)
    )
    op.execute(
        "UPDATE payment_refunds SET amount_at = event_at, amount_status = status"
        " WHERE amount IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("payment_refunds", "amount_status")
    op.drop_column("payment_refunds", "amount_at")
