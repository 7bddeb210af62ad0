"""The ledger is appended to and never changed: the database refuses everything else."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("""
            CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'ledger entries are never changed or deleted'
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$
        """)
        op.execute("""
            CREATE TRIGGER ledger_entries_append_only
            BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()
        """)
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(f"""
            CREATE TRIGGER ledger_entries_no_{event.lower()} BEFORE {event} ON ledger_entries
            BEGIN
                SELECT RAISE(ABORT, 'ledger entries are never changed or deleted');
            END
        """)
    # INSERT OR REPLACE deletes a row that is in its way, without firing a DELETE trigger.
    for column in ("number", "idempotency_key", "hold_id"):
        op.execute(f"""
            CREATE TRIGGER ledger_entries_no_replace_by_{column} BEFORE INSERT ON ledger_entries
            WHEN EXISTS (
                SELECT 1 FROM ledger_entries
                WHERE user_id = NEW.user_id AND {column} = NEW.{column}
            )
            BEGIN
                SELECT RAISE(
                    ABORT,
                    'UNIQUE constraint failed: ledger_entries.user_id, ledger_entries.{column}'
                );
            END
        """)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_entries_append_only ON ledger_entries")
        op.execute("DROP FUNCTION refuse_ledger_change()")
        return
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER ledger_entries_no_{event}")
    for column in ("number", "idempotency_key", "hold_id"):
        op.execute(f"DROP TRIGGER ledger_entries_no_replace_by_{column}")
