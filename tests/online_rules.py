"""What a migration must not do to a database at work, by its statements on PostgreSQL."""

import re

_TABLE = r"(?:ALTER TABLE|UPDATE|DELETE FROM|CREATE (?:UNIQUE )?INDEX \S+ ON) (?:ONLY )?(\w+)"
_RULES = (
    (r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", "build it CONCURRENTLY: writers would wait"),
    (r"ADD COLUMN (?!.*DEFAULT).*NOT NULL", "an older version's rows would have no value"),
    (r"ADD CONSTRAINT (?!.*(NOT VALID|USING INDEX))", "add it NOT VALID, then validate it"),
    (r"ALTER COLUMN .*(TYPE|SET NOT NULL)", "add a new column: every row is read under a lock"),
    (r"\bRENAME\b", "add the new name, and drop the old one in a later version"),
    (r"^(UPDATE|DELETE)\b", "let a command or the worker do it, some rows at a time"),
)
_CONTRACTS = r"DROP (TABLE|COLUMN)"


def objections(statements, *, contracts=False):
    """What is wrong with the statements of a migration; only one that `contracts` takes away."""
    new = {found for each in statements for found in re.findall(r"CREATE TABLE (\w+)", each)}
    for statement in (" ".join(each.split()) for each in statements):
        table = re.match(_TABLE, statement)
        if table and table[1] in new | {"alembic_version"}:
            continue
        for rule, words in _RULES:
            if re.search(rule, statement):
                yield f"{statement}: {words}"
        if re.search(_CONTRACTS, statement) and not contracts:
            yield f"{statement}: call it NNNN_contract_..., when no version in use needs this"
