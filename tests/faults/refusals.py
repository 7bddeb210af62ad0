"""A PostgreSQL that refuses what is written, with a chosen SQLSTATE, a chosen number of times."""

from contextlib import contextmanager

import psycopg

TABLES = ("ledger_entries", "holds")


@contextmanager
def refusing(url, sqlstate, times):
    """Let the first `times` rows of the ledger or the holds fail; the sequence outlives them."""
    url = url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE refusals")
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
            " SECURITY DEFINER AS $$ BEGIN"
            f" IF nextval('refusals') <= {times} THEN"
            f" RAISE EXCEPTION 'refused by a test' USING ERRCODE = '{sqlstate}';"
            " END IF; RETURN NEW; END $$"
        )
        for table in TABLES:
            connection.execute(
                f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        try:
            yield lambda: connection.execute("SELECT last_value FROM refusals").fetchone()[0]
        finally:
            for table in TABLES:
                connection.execute(f"DROP TRIGGER refuse ON {table}")
            connection.execute("DROP FUNCTION refuse")
            connection.execute("DROP SEQUENCE refusals")
