"""Could whoever takes over the app change the ledger, and may the app do what it has to?"""

from collections.abc import Iterable, Iterator
from itertools import chain
from re import findall
from typing import Any

from sqlalchemy import Connection, text

from creditsapp.database.rights import RIGHTS
from creditsapp.doctor.finding import Finding, finding
from creditsapp.models import Base

_WHO = """
SELECT current_user, r.rolsuper, pg_has_role(c.relowner, 'USAGE')
FROM pg_roles AS r, pg_class AS c
WHERE r.rolname = current_user AND c.oid = 'ledger_entries'::regclass
"""
_MAY = """
SELECT t, r FROM unnest(CAST(:tables AS text[])) AS t, unnest(ARRAY['SELECT', 'INSERT']) AS r
WHERE has_any_column_privilege(t, r)
UNION ALL
SELECT t, r FROM unnest(CAST(:tables AS text[])) AS t,
    unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS r
WHERE has_table_privilege(t, r)
UNION ALL
SELECT c, 'UPDATE' FROM unnest(CAST(:columns AS text[])) AS c
WHERE has_column_privilege(split_part(c, '.', 1), split_part(c, '.', 2), 'UPDATE')
UNION ALL
SELECT seqrelid::regclass::text, 'UPDATE' FROM pg_sequence
WHERE pg_table_is_visible(seqrelid) AND has_sequence_privilege(seqrelid, 'UPDATE')
"""
_COLUMNS = {
    table.name: [f"{table.name}.{name}" for name in table.columns.keys()]
    for table in Base.metadata.sorted_tables
} | {"alembic_version": ["alembic_version.version_num"]}
_OWNER = "Let another role own the tables, and name it in DATABASE_OWNER_URL (docs/operating.md)."
_GRANT = "Run `flask db upgrade` with DATABASE_OWNER_URL: it grants what is needed, and no more."
_SCHEMA = "Let only the tables' owner create there (docs/database.md)."


def rights(connection: Connection) -> Finding:
    """What the role may do with the tables, beside what it needs."""
    role, superuser, owner = connection.execute(text(_WHO)).one()
    if superuser or owner:
        what = "a superuser" if superuser else "the owner of the tables"
        words = f"{role} is {what}, so a stolen password could rewrite the ledger"
        return Finding("role", "warning", words, _OWNER)
    names = {"tables": list(RIGHTS), "columns": list(chain(*_COLUMNS.values()))}
    may = {(what, right) for what, right in connection.execute(text(_MAY), names)}
    needed = set(_needed())
    problems: list[Any] = []
    if needed - may:
        problems.append(("failed", f"{role} may not {_listed(needed - may)}", _GRANT))
    if may - needed:
        problems.append(("warning", f"{role} may even {_listed(may - needed)}", _GRANT))
    if connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")):
        problems.append(("warning", f"{role} may even create tables", _SCHEMA))
    return finding("role", f"{role} may append to the ledger, and cannot rewrite it", problems)


def _needed() -> Iterator[tuple[str, str]]:
    """What has to be allowed and the right to it: of UPDATE each column, else the whole table."""
    for table, rights in RIGHTS.items():
        yield table, "SELECT"
        for right in rights:
            name, _, columns = right.partition(" ")
            if name != "UPDATE":
                yield table, name
            elif not columns:
                yield from ((column, name) for column in _COLUMNS[table])
            else:
                yield from ((f"{table}.{column}", name) for column in findall(r"\w+", columns))


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    """Rights and the tables they are to, without the columns, which may be many."""
    tables = sorted({(what.partition(".")[0], right) for what, right in pairs})
    return ", ".join(f"{right} {table}" for table, right in tables)
