"""The outbox of mails, the language in which a person reads them, and when a balance is low."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column("language", sa.String(length=8), nullable=False, server_default="en"),
    )
    op.add_column("wallets", sa.Column("alert_below", sa.BigInteger(), nullable=True))
    op.create_table(
        "mails",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.ForeignKeyConstraint(["user_id"], ["wallets.user_id"], name="fk_mails_user_id"),
        sa.UniqueConstraint("key", name="uq_mails_key"),
        sa.CheckConstraint(
            "status IN ('waiting', 'sent', 'failed', 'dropped')", name="ck_mails_status_known"
        ),
        sa.CheckConstraint(
            "(status = 'waiting') = (due_at IS NOT NULL)", name="ck_mails_waiting_has_its_time"
        ),
        sa.CheckConstraint(
            "(status = 'sent') = (sent_at IS NOT NULL)", name="ck_mails_sent_has_its_time"
        ),
    )
    waiting = sa.text("status = 'waiting'")
    op.create_index(
        "ix_mails_waiting", "mails", ["due_at"], postgresql_where=waiting, sqlite_where=waiting
    )
    op.create_index("ix_mails_user_id", "mails", ["user_id"])


def downgrade() -> None:
    op.drop_table("mails")
    op.drop_column("wallets", "alert_below")
    op.drop_column("users", "language")
