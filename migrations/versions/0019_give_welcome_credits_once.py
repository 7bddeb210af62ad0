"""Who had welcome credits, whatever becomes of their account."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "welcome_bonuses",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_welcome_bonuses"),
    )
    op.create_table(
        "welcome_networks",
        sa.Column("network", sa.String(length=49), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("network", "day", name="pk_welcome_networks"),
    )
    op.add_column("users", sa.Column("welcome", sa.String(length=16), nullable=True))
    op.execute(
        "UPDATE users SET welcome = 'given' WHERE EXISTS (SELECT 1 FROM ledger_entries"
        " WHERE ledger_entries.user_id = users.id AND ledger_entries.type = 'initial')"
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM welcome_bonuses LIMIT 1")):
        raise RuntimeError("welcome_bonuses has rows: going down would lose who had their credits")
    op.drop_column("users", "welcome")
    op.drop_table("welcome_networks")
    op.drop_table("welcome_bonuses")
