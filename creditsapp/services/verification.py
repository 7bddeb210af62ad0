"""Proof that every wallet is what its entries, holds and payments come to.

The database itself looks for wrong rows, some wallets at a time, in one snapshot; only what is
wrong comes out, so memory stays flat and writers are not held up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from creditsapp.services.settlement import wrong_payments
from creditsapp.services.transaction import snapshot

CHUNK = 500


@dataclass(frozen=True)
class Problem:
    """The first wrong row of a wallet, in words; `number` is None for the wallet itself."""

    user_id: int
    number: int | None
    problem: str


@dataclass
class Report:
    """What was looked at and what is wrong."""

    wallets: int = 0
    entries: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(progress: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """Prove every invariant over all wallets; `progress` hears of the wallets done, and of all."""
    report = Report()
    with snapshot() as connection:
        total = count(connection, "wallets")
        report.entries = count(connection, "ledger_entries")
        for span in _spans(connection):
            found: dict[int, Problem] = {}
            for problem in _wrong_rows(connection, span):
                found.setdefault(problem.user_id, problem)
            report.problems += [found[user_id] for user_id in sorted(found)]
            report.wallets += span["wallets"]
            progress(report.wallets, total)
        report.problems += [
            Problem(user_id, None, "its ledger has entries, but there is no wallet")
            for (user_id,) in connection.execute(_ORPHANS)
        ]
    return report


def count(connection: Connection, table: str) -> int:
    """How many rows a table has."""
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def _spans(connection: Connection) -> Iterator[dict[str, int]]:
    """The wallets in runs of CHUNK: first and last user id, and how many there are."""
    after = -(2**63)
    query = text("SELECT user_id FROM wallets WHERE user_id > :after ORDER BY user_id LIMIT :chunk")
    while found := connection.scalars(query, {"after": after, "chunk": CHUNK}).all():
        yield {"first": found[0], "last": found[-1], "wallets": len(found)}
        after = found[-1]


def _wrong_rows(connection: Connection, span: dict[str, int]) -> Iterator[Problem]:
    for user_id, number, problem in connection.execute(_ENTRIES, span):
        yield Problem(user_id, number, _ENTRY_WORDS[problem])
    for user_id, problem in connection.execute(_WALLETS, span):
        if problem is not None:
            yield Problem(user_id, None, _WALLET_WORDS[problem])
    for user_id, payment_id in connection.execute(_PAYMENTS, span):
        yield Problem(
            user_id, None, f"what was credited and taken back for {payment_id} is not in its ledger"
        )
    for user_id, payment_id in wrong_payments(connection, span):
        yield Problem(
            user_id, None, f"the credits taken back for {payment_id} do not fit its refunds"
        )


_ENTRIES = text("""
SELECT user_id, number,
    CASE
        WHEN number <> before_number + 1 THEN 'missing'
        WHEN balance_after <> before_balance + amount THEN 'balance'
        WHEN NOT usage_has_its_hold THEN 'hold'
    END AS problem
FROM (
    SELECT e.user_id, e.number, e.amount, e.balance_after,
        lag(e.number, 1, 0) OVER wallet AS before_number,
        lag(e.balance_after, 1, 0) OVER wallet AS before_balance,
        e.hold_id IS NULL OR EXISTS (
            SELECT 1 FROM holds h
            WHERE h.id = e.hold_id AND h.user_id = e.user_id AND h.status = 'captured'
                AND h.entry_number = e.number AND -e.amount <= h.amount
        ) AS usage_has_its_hold
    FROM ledger_entries e
    WHERE e.user_id BETWEEN :first AND :last
    WINDOW wallet AS (PARTITION BY e.user_id ORDER BY e.number)
) AS entries
WHERE number <> before_number + 1 OR balance_after <> before_balance + amount
    OR NOT usage_has_its_hold
ORDER BY user_id, number
""")

_ENTRY_WORDS = {
    "missing": "the entry before it is missing",
    "balance": "its balance after is not the balance before it plus its amount",
    "hold": "the hold it was captured from does not match it",
}

_WALLETS = text("""
SELECT w.user_id,
    CASE
        WHEN w.version <> coalesce(e.newest, 0) THEN 'version'
        WHEN w.balance <> coalesce(e.total, 0) THEN 'balance'
        WHEN w.held <> coalesce(h.total, 0) THEN 'held'
        WHEN w.lifetime_used <> coalesce(e.used, 0) THEN 'used'
        WHEN w.lifetime_added <> coalesce(e.total, 0) + coalesce(e.used, 0) THEN 'added'
    END AS problem
FROM wallets w
LEFT JOIN (
    SELECT user_id, max(number) AS newest, sum(amount) AS total,
        -sum(CASE WHEN type = 'usage' OR refunded_number IS NOT NULL THEN amount ELSE 0 END) AS used
    FROM ledger_entries WHERE user_id BETWEEN :first AND :last GROUP BY user_id
) AS e ON e.user_id = w.user_id
LEFT JOIN (
    SELECT user_id, sum(amount) AS total FROM holds
    WHERE status = 'held' AND user_id BETWEEN :first AND :last GROUP BY user_id
) AS h ON h.user_id = w.user_id
WHERE w.user_id BETWEEN :first AND :last
ORDER BY w.user_id
""")

_WALLET_WORDS = {
    "version": "the wallet's version is not the number of its newest entry",
    "balance": "the wallet's balance is not the sum of its entries",
    "held": "the wallet's held credits are not the sum of its open holds",
    "used": "the wallet's lifetime use is not what its entries come to",
    "added": "the wallet's lifetime additions are not what its entries come to",
}

_PAYMENTS = text("""
SELECT o.user_id, p.id
FROM payments p
JOIN purchases o ON o.id = p.purchase_id
LEFT JOIN (
    SELECT payment_id, sum(amount) AS total FROM ledger_entries
    WHERE payment_id IS NOT NULL AND user_id BETWEEN :first AND :last GROUP BY payment_id
) AS e ON e.payment_id = p.id
WHERE o.user_id BETWEEN :first AND :last
    AND p.credited - p.reversed_credits <> coalesce(e.total, 0)
ORDER BY o.user_id, p.id
""")

_ORPHANS = text("""
SELECT DISTINCT user_id FROM ledger_entries e
WHERE NOT EXISTS (SELECT 1 FROM wallets w WHERE w.user_id = e.user_id)
""")
