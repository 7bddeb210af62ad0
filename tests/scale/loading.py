"""A ledger of any size in PostgreSQL, made by the database, in which `verify` finds nothing wrong.

Sizes of wallets fall as those of real customers do (a power of the rank), the first has a tenth of
all. Each begins with a gift, buys 100 credits for every 49 usages, and took a tenth of its usages
from holds, so that orders, payments and holds are there in the numbers that such a ledger has.
Everybody signs in with the same password.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate

import psycopg

from creditsapp.services import accounts
from tests.bench.data import YEARS
from tests.bench.pages import email
from tests.bench.spending import app_on
from tests.builders import PASSWORD

FALL = 0.7
LARGEST = 1  # the user id of the wallet that has a tenth of all entries

_ENTRIES = """
INSERT INTO ledger_entries (user_id, number, amount, balance_after, type, operation, description,
    details, idempotency_key, hold_id, purchase_id, payment_id, created_at)
SELECT user_id, number, amount, balance, type, CASE WHEN type = 'usage' THEN 'THEME_GENERATION' END,
    'What was made, in some words of the usual length', '{}',
    'auto:' || left(md5(user_id || '-' || number), 24),
    CASE WHEN type = 'usage' AND number %% 10 = 0 THEN lpad(user_id || '-' || number, 36, '0') END,
    CASE WHEN type = 'purchase' THEN lpad(user_id || '-' || number, 36, '0') END,
    CASE WHEN type = 'purchase' THEN 'pay_' || lpad(user_id || '-' || number, 20, '0') END,
    now() - interval '%(years)s years' * (entries - number) / entries
FROM sizes CROSS JOIN LATERAL (
    SELECT number, type, amount, CAST(sum(amount) OVER (ORDER BY number) AS bigint) AS balance
    FROM generate_series(1, sizes.entries) AS number
    CROSS JOIN LATERAL (SELECT
        CASE WHEN number = 1 THEN 'initial' WHEN number %% 50 = 1 THEN 'purchase' ELSE 'usage' END,
        CAST(10000 * CASE WHEN number %% 50 = 1 THEN 100 ELSE -1 - number %% 3 END AS bigint)
    ) AS made (type, amount)
) AS made
WHERE user_id BETWEEN %(first)s AND %(last)s
"""
_AROUND = (
    """
INSERT INTO users (id, email, name, password_hash, session_version, created_at)
SELECT user_id, 'person' || user_id || '@example.com', '', first.password_hash, 0, now()
FROM sizes JOIN users AS first ON first.id = 1 AND user_id > 1
""",
    "SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users))",
    "DELETE FROM wallets",
    """
INSERT INTO wallets (user_id, balance, held, version, lifetime_added, lifetime_used, created_at)
SELECT user_id, sum(amount), 0, max(number), sum(amount) FILTER (WHERE amount > 0),
    -sum(amount) FILTER (WHERE amount < 0), min(created_at)
FROM ledger_entries GROUP BY user_id
""",
    """
INSERT INTO holds (id, user_id, amount, operation, description, status, entry_number, created_at,
    expires_at, resolved_at)
SELECT hold_id, user_id, -amount, operation, description, 'captured', number, created_at,
    created_at + interval '15 minutes', created_at
FROM ledger_entries WHERE hold_id IS NOT NULL
""",
    """
INSERT INTO purchases (id, user_id, dollars, credits, status, created_at, updated_at, paid_at)
SELECT purchase_id, user_id, 5, amount, 'paid', created_at, created_at, created_at
FROM ledger_entries WHERE type = 'purchase'
""",
    """
INSERT INTO payments (id, purchase_id, status, currency, total, tax, credited, reversed_credits,
    settlements, created_at, updated_at)
SELECT payment_id, purchase_id, 'succeeded', 'USD', 500, 0, amount, 0, 1, created_at, created_at
FROM ledger_entries WHERE type = 'purchase'
""",
)


def sizes(entries):
    """How many entries each wallet has, the largest first."""
    wallets = max(entries // 100, 2)
    falling = [rank**-FALL for rank in range(1, wallets)]
    share = (entries - entries // 10) / sum(falling)
    return [entries // 10, *(round(share * part) or 1 for part in falling)]


def load(url, entries):
    """Fill a migrated, empty database; return how many entries and wallets there are.

    Triggers, foreign keys and fsync are off meanwhile. VACUUM and ANALYZE follow, as autovacuum
    would do on its own, soon.
    """
    wanted = sizes(entries)
    with app_on(url) as app, app.app_context():
        accounts.register(email(LARGEST), PASSWORD, welcome=0)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE sizes (user_id bigint PRIMARY KEY, entries integer)")
        with connection.cursor().copy("COPY sizes FROM STDIN") as copy:
            for row in enumerate(wanted, 1):
                copy.write_row(row)
        connection.execute("ANALYZE sizes")
    halves = [(1, _middle(wanted)), (_middle(wanted) + 1, len(wanted))]
    with _careless(url), ThreadPoolExecutor(len(halves)) as pool:
        for _done in pool.map(lambda half: _append(url, *half), halves):
            pass
        for statement in (*_AROUND, "DROP TABLE sizes", "VACUUM ANALYZE"):
            _run(url, statement)
    return sum(wanted), len(wanted)


def _middle(wanted):
    """The user id with which half of all entries are made."""
    return next(
        user_id for user_id, made in enumerate(accumulate(wanted), 1) if 2 * made >= sum(wanted)
    )


def _append(url, first, last):
    _run(url, _ENTRIES % {"years": YEARS, "first": first, "last": last})


def _run(url, statement):
    options = "-c session_replication_role=replica"
    with psycopg.connect(url, autocommit=True, options=options) as connection:
        connection.execute(statement)


@contextmanager
def _careless(url):
    """A server that would not survive a crash of its machine, and is on disk at the end."""
    careless = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'16GB'"}
    for name, value in careless.items():
        _run(url, f"ALTER SYSTEM SET {name} = {value}")
    _run(url, "SELECT pg_reload_conf()")
    yield
    for name in careless:
        _run(url, f"ALTER SYSTEM RESET {name}")
    _run(url, "SELECT pg_reload_conf()")
    _run(url, "CHECKPOINT")
    os.sync()
