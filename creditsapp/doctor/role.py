"""Could whoever takes over the app change the ledger, and may the app do what it has to?"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from creditsapp.database.rights import RIGHTS
from creditsapp.doctor.finding import Finding, finding

_WHO = """
SELECT current_user, r.rolsuper, pg_has_role(c.relowner, 'USAGE')
FROM pg_roles AS r, pg_class AS c
WHERE r.rolname = current_user AND c.oid = 'ledger_entries'::regclass
"""
_MAY = """
SELECT table_name || ' ' || right_name FROM (
    SELECT t.name AS table_name, r.name AS right_name
    FROM unnest(CAST(:tables AS text[])) AS t(name),
         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS r(name)
) AS pairs
WHERE CASE WHEN right_name IN ('DELETE', 'TRUNCATE')
           THEN has_table_privilege(table_name, right_name)
           ELSE has_any_column_privilege(table_name, right_name) END
"""
_OWNER = "Let another role own the tables, and name it in DATABASE_OWNER_URL (docs/operating.md)."
_GRANT = "Run `flask db upgrade` with DATABASE_OWNER_URL: it grants what is needed, and no more."


def rights(connection: Connection) -> Finding:
    """What the role may do with the tables, beside what it needs."""
    role, superuser, owner = connection.execute(text(_WHO)).one()
    if superuser or owner:
        what = "a superuser" if superuser else "the owner of the tables"
        words = f"{role} is {what}, so a stolen password could rewrite the ledger"
        return Finding("role", "warning", words, _OWNER)
    may = set(connection.scalars(text(_MAY), {"tables": list(RIGHTS)}))
    needed = {
        f"{table} {right.split()[0]}" for table in RIGHTS for right in ("SELECT", *RIGHTS[table])
    }
    problems: list[Any] = []
    if needed - may:
        problems.append(("failed", f"{role} may not {_listed(needed - may)}", _GRANT))
    if may - needed:
        problems.append(("warning", f"{role} may even {_listed(may - needed)}", _GRANT))
    return finding("role", f"{role} may append to the ledger, and cannot rewrite it", problems)


def _listed(pairs: Iterable[str]) -> str:
    return ", ".join(
        f"{right} {table}" for table, right in (pair.split() for pair in sorted(pairs))
    )
