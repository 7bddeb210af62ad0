"""What the database has to hold: what was acknowledged, each once, and nothing else."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

import psycopg

ENTRIES = """
SELECT user_id, CASE type WHEN 'usage' THEN description ELSE purchase_id END, amount / 10000
FROM ledger_entries WHERE number > 1
"""
WALLETS = """
SELECT user_id, balance, held, coalesce((
    SELECT sum(amount) FROM ledger_entries entry WHERE entry.user_id = wallet.user_id
), 0) FROM wallets wallet
"""
HELD = "SELECT user_id, description FROM holds WHERE amount = 30000"


@dataclass(frozen=True)
class Verdict:
    """What was found, beside what was told."""

    acknowledged: int
    lost: int  # acknowledged, and not there
    twice: int  # there more than once
    strange: int  # there, and told to nobody
    unbalanced: int  # wallets whose balance is not the sum of its entries, or that hold something

    @property
    def right(self):
        return not (self.lost or self.twice or self.strange or self.unbalanced)


def judge(url, journal):
    """Compare a database at rest with what its clients were told."""
    posted = Counter((w.user, w.key, w.amount) for w in journal.writes if w.amount)
    held = {(w.user, w.key) for w in journal.writes if w.kind == "hold"}
    with closing(_connected(url)) as connection:
        found = Counter(connection.execute(ENTRIES).fetchall())
        holds = Counter(connection.execute(HELD).fetchall())
        wallets = connection.execute(WALLETS).fetchall()
    return Verdict(
        acknowledged=posted.total() + len(held),
        lost=(posted - found).total() + len(held - holds.keys()),
        twice=sum(times - 1 for times in (*found.values(), *holds.values())),
        strange=len(found.keys() - posted.keys()) + len(holds.keys() - held),
        unbalanced=sum(balance != total or held != 0 for _, balance, held, total in wallets),
    )


def _connected(url):
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"))
    return psycopg.connect(url)
