"""Do the app's connections to PostgreSQL fit what is between them and how many there may be?"""

from typing import Any

from sqlalchemy import Connection, text

from creditsapp.database.postgresql import session_settings
from creditsapp.doctor.finding import Finding, Problem, finding
from creditsapp.extensions import db
from creditsapp.settings import Settings

_LIMIT = """
SELECT LEAST(
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int,
    NULLIF(r.rolconnlimit, -1), NULLIF(d.datconnlimit, -1)
)
FROM pg_roles AS r, pg_database AS d
WHERE r.rolname = current_user AND d.datname = current_database()
"""
_UNSET = """
SELECT name FROM pg_settings
WHERE name = ANY(CAST(:names AS text[]))
  AND (setting = '0' OR source = 'session')  -- a session's may be what another client has left
"""
_BESIDE_THREADS = 3  # one sends mails, one is for /readyz, one for whoever reads the metrics
_LOCAL = ("localhost", "127.0.0.1", "::1")


def connections(connection: Connection, settings: Settings) -> Finding:
    """A pooler is told of, its sessions are bounded by the role; else there are enough of them."""
    if settings.pooled:
        return finding("connections", "through a pooler of transactions", _of_role(connection))
    problems: list[Problem] = []
    driver: Any = connection.connection.driver_connection
    if connection.scalar(text("SELECT pg_backend_pid()")) != driver.info.backend_pid:
        words = "a pooler stands between, and the app does not know"
        problems.append(("failed", words, "Set DATABASE_POOLER=transaction."))
    wanted = settings.web_concurrency * (settings.web_threads + _BESIDE_THREADS)
    limit = connection.scalar(text(_LIMIT))
    if wanted > limit:
        words = f"the web processes may want {wanted} connections, of {limit} there are"
        problems.append(("warning", words, "Raise max_connections, or put PgBouncer between."))
    return finding("connections", f"{wanted} at most for the web, of {limit}", problems)


def _of_role(connection: Connection) -> list[Problem]:
    wanted = session_settings()
    role = connection.scalar(text("SELECT quote_ident(current_user)"))
    unset = list(connection.scalars(text(_UNSET), {"names": list(wanted)}))
    orders = " ".join(f"ALTER ROLE {role} SET {name} = '{wanted[name]}';" for name in unset)
    return [("warning", f"{name} is not set for the role", orders) for name in unset]


def privacy(connection: Connection) -> list[Problem]:
    """What is wrong where a connection leaves the machine without TLS, or trusts anybody."""
    driver: Any = connection.connection.driver_connection
    host = driver.info.host
    if host.startswith(("/", "@")) or host in _LOCAL:
        return []
    advice = "Add sslmode=verify-full&sslrootcert=/path/to/ca.pem to DATABASE_URL."
    if not driver.pgconn.ssl_in_use:
        return [("warning", "what is sent to it can be read on the way", advice)]
    if db.engine.url.query.get("sslmode") != "verify-full":
        return [("warning", "whether its certificate is its own is not checked", advice)]
    return []
