"""Databases to measure on, and ledgers of any length in them, made by the database itself.

What it makes is what the services would have made, and `verify` finds nothing wrong in it: two
years of usages, credits bought for every thousand of them, now and then something given or taken
back.
"""

import sqlite3
from contextlib import closing

import psycopg

from tests.conftest import migrate

YEARS = 2

_OPENED = {
    "postgresql": """
INSERT INTO wallets (user_id, balance, held, version, lifetime_added, lifetime_used, created_at)
SELECT number, 0, 0, 0, 0, 0, now() FROM generate_series({first}, {last}) AS number
ON CONFLICT DO NOTHING
""",
    "sqlite": """
WITH RECURSIVE numbers (number) AS (
    SELECT {first} UNION ALL SELECT number + 1 FROM numbers WHERE number < {last}
)
INSERT INTO wallets (user_id, balance, held, version, lifetime_added, lifetime_used, created_at)
SELECT number, 0, 0, 0, 0, 0, datetime('now') || '.000000' FROM numbers WHERE true
ON CONFLICT DO NOTHING
""",
}
_MADE = """
WITH RECURSIVE numbers (number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {entries}
),
made AS (
    SELECT user_id, number,
        CASE
            WHEN number % 1000 = 1 THEN 'bonus'
            WHEN number % 10000 = 502 THEN 'refund'
            WHEN number % 10000 = 777 THEN 'adjustment'
            ELSE 'usage'
        END AS type,
        10000 * CASE
            WHEN number % 1000 = 1 THEN 3000
            WHEN number % 10000 = 502 THEN 1 + (number - 1) % 5
            WHEN number % 10000 = 777 THEN -1
            ELSE -1 - number % 5
        END AS amount
    FROM wallets CROSS JOIN numbers WHERE user_id BETWEEN {first} AND {last}
)
INSERT INTO ledger_entries (user_id, number, amount, balance_after, type, operation, description,
    details, idempotency_key, refunded_number, created_at)
SELECT user_id, number, amount, sum(amount) OVER (PARTITION BY user_id ORDER BY number), type,
    CASE WHEN type IN ('usage', 'refund') THEN 'THEME_GENERATION' END,
    'What was made, in some words of the usual length', '{{}}', 'auto:' || user_id || '-' || number,
    CASE WHEN type = 'refund' THEN number - 1 END, {time}
FROM made
"""
_TOTALLED = """
UPDATE wallets SET version = newest, balance = total, lifetime_added = total + used,
    lifetime_used = used
FROM (
    SELECT user_id, max(number) AS newest, sum(amount) AS total,
        -sum(CASE WHEN type IN ('usage', 'refund') THEN amount ELSE 0 END) AS used
    FROM ledger_entries WHERE user_id BETWEEN {first} AND {last} GROUP BY user_id
) AS entries
WHERE wallets.user_id = entries.user_id
"""
_TIMES = {
    "postgresql": "now() - (interval '{years} years') * ({entries} - number) / {entries}",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', unixepoch('now')"
    " - {years} * 31557600.0 * ({entries} - number) / {entries}, 'unixepoch') || '000'",
}


class Databases:
    """Migrated databases by name, on both systems."""

    def __init__(self, postgres, folder):
        self._postgres, self._folder = postgres, folder
        self._urls = {}

    def url(self, kind, name, prepare=lambda url: None):
        """The URL of a database; made and prepared when it is asked for first."""
        if (kind, name) not in self._urls:
            if kind == "sqlite":
                url = f"sqlite:///{self._folder / name}.db"
            else:
                self._postgres.psql(f"CREATE DATABASE {name}")
                url = self._postgres.get_uri(name)
            migrate(url)
            prepare(url)
            self._urls[kind, name] = url
        return self._urls[kind, name]


def fill(url, first, last, entries):
    """Give the wallets of a range of user ids, made where there are none, so many entries each.

    Foreign keys and triggers are off meanwhile on PostgreSQL. VACUUM and ANALYZE follow, as
    autovacuum would do on its own, soon.
    """
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    values = {"first": first, "last": last, "entries": entries}
    time = _TIMES[kind].format(years=YEARS, **values)
    statements = [sql.format(time=time, **values) for sql in (_OPENED[kind], _MADE, _TOTALLED)]
    if kind == "sqlite":
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        around = ["BEGIN", "COMMIT", "ANALYZE"]
    else:
        connection = psycopg.connect(url, autocommit=True)
        around = ["BEGIN; SET LOCAL session_replication_role = replica", "COMMIT", "VACUUM ANALYZE"]
    with closing(connection):
        for statement in (around[0], *statements, *around[1:]):
            connection.execute(statement)
