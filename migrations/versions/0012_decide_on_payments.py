"""A payment keeps its business, and what a person decided about it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("business_id", sa.String(length=255), nullable=True))
    # As SQL, since SQLite takes a CHECK only together with its new column.
    op.execute(
        "ALTER TABLE payments ADD COLUMN decision VARCHAR(16) CONSTRAINT"
        " ck_payments_decision_known CHECK (decision IN ('approved', 'rejected', 'refunded'))"
    )


def downgrade() -> None:
    known = "decision IS NOT NULL OR business_id IS NOT NULL"
    if op.get_bind().scalar(sa.text(f"SELECT 1 FROM payments WHERE {known} LIMIT 1")):
        raise RuntimeError("payments have decisions or businesses, which going down would lose")
    op.drop_column("payments", "decision")
    op.drop_column("payments", "business_id")
