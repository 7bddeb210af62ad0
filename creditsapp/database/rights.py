"""What the role that serves may do, table by table, where another one owns the tables.

It reads everything. What was decided or moved is never changed: the triggers refuse it as well,
but only an owner could switch them off.
"""

from sqlalchemy import Connection, inspect, text

RIGHTS = {
    "account_links": ("INSERT", "UPDATE", "DELETE"),
    "alembic_version": (),
    "creations": ("INSERT", "DELETE"),
    "ended_sessions": ("INSERT", "DELETE"),
    "grant_requests": ("INSERT", "UPDATE (status, decided_by, decided_at, entry_number)"),
    "holds": ("INSERT", "UPDATE (status, resolved_at, entry_number)"),
    "ledger_entries": ("INSERT",),
    "mails": ("INSERT", "UPDATE", "DELETE"),
    "operator_actions": ("INSERT",),
    "payment_disputes": ("INSERT", "UPDATE"),
    "payment_refunds": ("INSERT", "UPDATE"),
    "payments": ("INSERT", "UPDATE"),
    "periodic_jobs": ("INSERT", "UPDATE (due_at)"),
    "proofs": ("INSERT",),
    "purchases": (
        "INSERT",
        "UPDATE (status, form_key, checkout_session_id, checkout_url, updated_at, paid_at)",
    ),
    "refund_requests": ("INSERT", "UPDATE"),
    "registrations": ("INSERT", "DELETE"),
    "users": ("INSERT", "UPDATE"),
    "wallets": (
        "INSERT",
        "UPDATE (balance, held, version, lifetime_added, lifetime_used, alert_below,"
        " dodo_customer_id)",
    ),
    "webhook_events": (
        "INSERT",
        "UPDATE (status, attempts, last_error, processed_at, next_attempt_at)",
    ),
    "welcome_bonuses": ("INSERT", "DELETE"),
    "welcome_networks": ("INSERT", "UPDATE (given)", "DELETE"),
}


def grant(connection: Connection, role: str) -> None:
    """Let a role do this, and nothing else, with the tables and counters that are there."""
    known = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    if connection.scalar(known, {"role": role}) is None:
        raise LookupError(f"PostgreSQL knows no role {role}, as which DATABASE_URL signs in")
    to = connection.dialect.identifier_preparer.quote(role)
    schema = connection.dialect.identifier_preparer.quote(
        inspect(connection).default_schema_name or "public"
    )
    execute = connection.exec_driver_sql
    execute(f"REVOKE CREATE ON SCHEMA {schema} FROM {to}, PUBLIC")
    execute(f"GRANT USAGE ON SCHEMA {schema} TO {to}")
    execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {to}")
    execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {to}")  # pg_dump reads
    for table in RIGHTS.keys() & set(inspect(connection).get_table_names()):
        execute(f"REVOKE ALL ON {table} FROM {to}")
        execute(f"GRANT {', '.join(('SELECT', *RIGHTS[table]))} ON {table} TO {to}")
