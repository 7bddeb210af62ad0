"""Orders of credits."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purchases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("dollars", sa.Integer(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("form_key", sa.String(length=300), nullable=True),
        sa.Column("checkout_session_id", sa.String(length=255), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("return_to", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('created', 'pending', 'paid', 'failed', 'cancelled', 'expired', 'review',"
            " 'rejected')",
            name=op.f("ck_purchases_status_known"),
        ),
        sa.CheckConstraint("credits > 0", name=op.f("ck_purchases_credits_positive")),
        sa.CheckConstraint("dollars >= 1", name=op.f("ck_purchases_dollars_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["wallets.user_id"], name="fk_purchases_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purchases"),
        sa.UniqueConstraint("checkout_session_id", name="uq_purchases_checkout_session_id"),
    )
    op.create_index(
        "ix_purchases_status_created_at", "purchases", ["status", "created_at"], unique=False
    )
    op.create_index(
        "ix_purchases_user_id_created_at", "purchases", ["user_id", "created_at"], unique=False
    )
    op.create_index("uq_purchases_form_key", "purchases", ["user_id", "form_key"], unique=True)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM purchases LIMIT 1")):
        raise RuntimeError("purchases has rows, which going down would lose")
    op.drop_table("purchases")
