"""Proof that every wallet is what its entries and holds come to, found in the database itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from creditsapp.extensions import db


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


def verify() -> Report:
    """Prove every invariant over all wallets, in one snapshot, while writes go on."""
    report = Report()
    db.session.commit()
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        report.wallets = _count(connection, "wallets")
        report.entries = _count(connection, "ledger_entries")
        found: dict[int, Problem] = {}
        for problem in (*_wrong_entries(connection), *_wrong_wallets(connection)):
            found.setdefault(problem.user_id, problem)
    report.problems = [found[user_id] for user_id in sorted(found)]
    return report


def _count(connection: Connection, table: str) -> int:
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


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


def _wrong_entries(connection: Connection) -> Iterator[Problem]:
    for user_id, number, problem in connection.execute(_ENTRIES):
        yield Problem(user_id, number, _ENTRY_WORDS[problem])


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
    FROM ledger_entries GROUP BY user_id
) AS e ON e.user_id = w.user_id
LEFT JOIN (
    SELECT user_id, sum(amount) AS total FROM holds WHERE status = 'held' GROUP BY user_id
) AS h ON h.user_id = w.user_id
ORDER BY w.user_id
""")

_WALLET_WORDS = {
    "version": "the wallet's version is not the number of its newest entry",
    "balance": "the wallet's balance is not the sum of its entries",
    "held": "the wallet's held credits are not the sum of its open holds",
    "used": "the wallet's lifetime use is not what its entries come to",
    "added": "the wallet's lifetime additions are not what its entries come to",
}


def _wrong_wallets(connection: Connection) -> Iterator[Problem]:
    for user_id, problem in connection.execute(_WALLETS):
        if problem is not None:
            yield Problem(user_id, None, _WALLET_WORDS[problem])
