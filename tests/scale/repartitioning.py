"""An empty ledger's table made anew in partitions, with all that its definition allows.

Each partition lies in a schema of its own, where its constraints have the names that they have
in the whole: the app knows a repeated key by the name of what it violates.
"""

import re
from dataclasses import dataclass

import psycopg

_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'ledger_entries'::regclass AND contype IN ('p', 'u', 'c')
ORDER BY contype, conname
"""
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'ledger_entries'::regclass AND NOT indisunique
"""
_REFERENCES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND 'ledger_entries'::regclass IN (conrelid, confrelid)
"""
_TRIGGER = (
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'ledger_entries_append_only'"
)


@dataclass(frozen=True)
class Partitioning:
    """How: PARTITION BY what, and the bound of each partition, by its schema's name.

    `also` is the column that what is unique has to include, where PostgreSQL says so.
    """

    by: str
    bounds: dict[str, str]
    also: str = ""


def repartition(url, how):
    """Replace the table; return what PostgreSQL refused: names, each with its reason."""
    with psycopg.connect(url, autocommit=True) as connection:
        constraints, indexes, references, triggers = (
            connection.execute(query).fetchall()
            for query in (_CONSTRAINTS, _INDEXES, _REFERENCES, _TRIGGER)
        )
        refused = {}
        for statement in _emptied(how, references):
            connection.execute(statement)
        for place, (name, definition) in enumerate(constraints):
            wider = definition.replace(")", f", {how.also})")
            if not _accepted(connection, _add("ledger_entries", name, definition), refused, name):
                connection.execute(_add("ledger_entries", name, wider))
                constraints[place] = (name, wider)
        others = [definition for (definition,) in (*indexes, *triggers)]
        for definition in others:
            connection.execute(definition)
        for schema, bound in how.bounds.items():
            for statement in _partition(schema, bound, constraints, others):
                connection.execute(statement)
        for table, name, definition in references:
            _accepted(connection, _add(table, name, definition), refused, name)
    return refused


def _emptied(how, references):
    yield "ALTER TABLE ledger_entries RENAME TO whole"
    yield f"CREATE TABLE ledger_entries (LIKE whole INCLUDING DEFAULTS) PARTITION BY {how.by}"
    for table, name, _definition in references:
        renamed = "whole" if table == "ledger_entries" else table
        yield f"ALTER TABLE {renamed} DROP CONSTRAINT {name}"
    yield "DROP TABLE whole"


def _add(table, name, definition):
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"


def _accepted(connection, statement, refused, name):
    try:
        connection.execute(statement)
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidForeignKey) as error:
        refused[name] = error.diag.message_primary
    return name not in refused


def _partition(schema, bound, constraints, others):
    table = f"{schema}.ledger_entries"
    yield f"CREATE SCHEMA {schema}"
    yield f"CREATE TABLE {table} (LIKE ledger_entries INCLUDING DEFAULTS)"
    for name, definition in constraints:
        yield _add(table, name, definition)
    for definition in others:
        yield re.sub(r" ON (ONLY )?\S+", f" ON {table}", definition, count=1)
    yield f"ALTER TABLE ledger_entries ATTACH PARTITION {table} {bound}"
