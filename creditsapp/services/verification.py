"""Proof that every wallet is what its entries, holds and payments come to.

The database itself looks for wrong rows, some wallets at a time, in one snapshot; only what is
wrong comes out, so memory stays flat and writers are not held up.

To compare each entry with the one before it is work for a single process. PostgreSQL therefore
proves each ledger as a whole at first, in parallel, by hashes with a new salt each time, and looks
at single entries only where that fails. SQLite has neither and compares them all.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, text

from creditsapp.services.settlement import wrong_payments
from creditsapp.services.transaction import snapshot

CHUNK = 10_000

Progress = Callable[[int, int], None]


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


def _unheard(done: int, total: int) -> None:
    """Nobody wants to hear how far it is."""


def verify(progress: Progress = _unheard) -> Report:
    """Prove every invariant over all wallets; `progress` hears of the wallets done, and of all."""
    with snapshot(at_length=True) as connection:
        return prove(connection, progress)


def prove(connection: Connection, progress: Progress = _unheard) -> Report:
    """As `verify`, of what a connection sees, which must not change meanwhile."""
    report = Report()
    total = count(connection, "wallets")
    for span in _spans(connection):
        found: dict[int, Problem] = {}
        for problem in _wrong_rows(connection, span, report):
            found.setdefault(problem.user_id, problem)
        report.problems += [found[user_id] for user_id in sorted(found)]
        progress(report.wallets, total)
    return report


def count(connection: Connection, table: str) -> int:
    """How many rows a table has."""
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # nosec B608 # ours


def _spans(connection: Connection) -> Iterator[dict[str, int]]:
    """All user ids there can be, first and last of each run of CHUNK wallets."""
    first = -(2**63)
    query = text(
        "SELECT user_id FROM wallets WHERE user_id > :first ORDER BY user_id LIMIT 1 OFFSET :chunk"
    )
    while (after := connection.scalar(query, {"first": first, "chunk": CHUNK})) is not None:
        yield {"first": first, "last": after - 1}
        first = after
    yield {"first": first, "last": 2**63 - 1}


def _wrong_rows(connection: Connection, span: dict[str, int], report: Report) -> Iterator[Problem]:
    salted = span | {"salt": secrets.randbits(62)}
    ledgers = {row.user_id: row for row in connection.execute(_LEDGERS[_kind(connection)], salted)}
    wallets = {row.user_id: row for row in connection.execute(_WALLETS, span)}
    report.wallets += len(wallets)
    report.entries += sum(ledger.entries for ledger in ledgers.values())
    for users in _doubtful(connection, span, ledgers):
        for user_id, number, problem in connection.execute(_ENTRIES, users):
            yield Problem(user_id, number, _ENTRY_WORDS[problem])
    for query, words in _MISLEADING:
        for user_id, number in connection.execute(query, span):
            yield Problem(user_id, number, words)
    for user_id in wallets.keys() | ledgers.keys():
        wrong = _wrong_wallet(wallets.get(user_id), ledgers.get(user_id, _NO_LEDGER))
        if wrong:
            yield Problem(user_id, None, wrong)
    for user_id, payment_id in connection.execute(_PAYMENTS, span):
        yield Problem(
            user_id, None, f"what was credited and taken back for {payment_id} is not in its ledger"
        )
    for user_id, payment_id in wrong_payments(connection, span):
        yield Problem(
            user_id, None, f"the credits taken back for {payment_id} do not fit its refunds"
        )


def _kind(connection: Connection) -> str:
    return connection.dialect.name


def _doubtful(
    connection: Connection, span: dict[str, int], ledgers: dict[int, Any]
) -> list[dict[str, int]]:
    """The users, in spans, whose entries have to be looked at one by one."""
    if _kind(connection) != "postgresql":
        return [span]
    found = {user_id for user_id, ledger in ledgers.items() if ledger.doubtful}
    found.update(connection.scalars(_WITHOUT_HOLD, span))
    return [{"first": user_id, "last": user_id} for user_id in found]


def _wrong_wallet(wallet: Any, ledger: Any) -> str | None:
    """What of a wallet is not what its entries and holds come to."""
    if wallet is None:
        return "its ledger has entries, but there is no wallet"
    if wallet.version != ledger.newest:
        return "the wallet's version is not the number of its newest entry"
    if wallet.balance != ledger.total:
        return "the wallet's balance is not the sum of its entries"
    if wallet.held != wallet.open_holds:
        return "the wallet's held credits are not the sum of its open holds"
    if wallet.lifetime_used != ledger.used:
        return "the wallet's lifetime use is not what its entries come to"
    if wallet.lifetime_added != ledger.total + ledger.used:
        return "the wallet's lifetime additions are not what its entries come to"
    return None


_HOLD = """
            SELECT 1 FROM holds h
            WHERE h.id = e.hold_id AND h.user_id = e.user_id AND h.status = 'captured'
                AND h.entry_number = e.number AND -e.amount <= h.amount"""

_WITHOUT_HOLD = text(f"""
SELECT DISTINCT e.user_id FROM ledger_entries e
WHERE e.hold_id IS NOT NULL AND e.user_id BETWEEN :first AND :last AND NOT EXISTS ({_HOLD})
""")  # nosec B608 # constants of ours

_ENTRIES = text(f"""
SELECT user_id, number,
    CASE
        WHEN number <> before_number + 1 THEN 'missing'
        WHEN balance_after <> CAST(before_balance AS numeric) + amount THEN 'balance'
        WHEN NOT usage_has_its_hold THEN 'hold'
    END AS problem
FROM (
    SELECT e.user_id, e.number, e.amount, e.balance_after,
        lag(e.number, 1, 0) OVER wallet AS before_number,
        lag(e.balance_after, 1, 0) OVER wallet AS before_balance,
        e.hold_id IS NULL OR EXISTS ({_HOLD}
        ) AS usage_has_its_hold
    FROM ledger_entries e
    WHERE e.user_id BETWEEN :first AND :last
    WINDOW wallet AS (PARTITION BY e.user_id ORDER BY e.number)
) AS entries
WHERE number <> before_number + 1
    OR balance_after <> CAST(before_balance AS numeric) + amount
    OR NOT usage_has_its_hold
ORDER BY user_id, number
""")  # nosec B608 # constants of ours

_ENTRY_WORDS = {
    "missing": "the entry before it is missing",
    "balance": "its balance after is not the balance before it plus its amount",
    "hold": "the hold it was captured from does not match it",
}

_WALLETS = text("""
SELECT w.user_id, w.version, w.balance, w.held, w.lifetime_used, w.lifetime_added,
    coalesce(h.total, 0) AS open_holds
FROM wallets w
LEFT JOIN (
    SELECT user_id, sum(amount) AS total FROM holds
    WHERE status = 'held' AND user_id BETWEEN :first AND :last GROUP BY user_id
) AS h ON h.user_id = w.user_id
WHERE w.user_id BETWEEN :first AND :last
""")

_LEDGER = """
SELECT user_id, count(*) AS entries, max(number) AS newest, sum(amount) AS total,
    -sum(CASE WHEN type = 'usage' OR refunded_number IS NOT NULL THEN amount ELSE 0 END) AS used
    {doubtful}
FROM ledger_entries WHERE user_id BETWEEN :first AND :last GROUP BY user_id
"""
# Each balance is hashed twice with its number, as its entry leaves it and as the next one finds
# it. These cancel each other, and what is left are the beginning and the end.
_CHAIN_IS_BROKEN = """,
    min(number) <> 1 OR max(number) <> count(*) OR bit_xor(
        hashtextextended(CAST(balance_after AS text), number # CAST(:salt AS bigint))
        # hashtextextended(
            CAST(CAST(balance_after AS numeric) - amount AS text),
            (number - 1) # CAST(:salt AS bigint)
        )
    ) <> hashtextextended('0', CAST(:salt AS bigint))
        # hashtextextended(CAST(sum(amount) AS text), max(number) # CAST(:salt AS bigint))
    AS doubtful"""
_LEDGERS = {
    "postgresql": text(_LEDGER.format(doubtful=_CHAIN_IS_BROKEN)),
    "sqlite": text(_LEDGER.format(doubtful="")),
}
_NO_LEDGER = SimpleNamespace(newest=0, total=0, used=0)

_PAYMENTS = text("""
SELECT o.user_id, p.id
FROM payments p
JOIN purchases o ON o.id = p.purchase_id
LEFT JOIN (
    SELECT user_id, payment_id, sum(amount) AS total FROM ledger_entries
    WHERE payment_id IS NOT NULL AND user_id BETWEEN :first AND :last GROUP BY user_id, payment_id
) AS e ON e.payment_id = p.id AND e.user_id = o.user_id
WHERE o.user_id BETWEEN :first AND :last
    AND p.credited - p.reversed_credits <> coalesce(e.total, 0)
ORDER BY o.user_id, p.id
""")

_OF_NO_PAYMENT = text("""
SELECT e.user_id, e.number FROM ledger_entries e
WHERE e.type <> 'usage' AND e.user_id BETWEEN :first AND :last
    AND (e.type IN ('purchase', 'dispute') OR e.type = 'refund' AND e.refunded_number IS NULL)
    AND NOT EXISTS (
        SELECT 1 FROM payments p JOIN purchases o ON o.id = p.purchase_id
        WHERE p.id = e.payment_id AND o.user_id = e.user_id
    )
ORDER BY e.user_id, e.number
""")

_GIVEN_BACK_TOO_MUCH = text("""
SELECT r.user_id, r.number
FROM (
    SELECT user_id, refunded_number AS number, sum(amount) AS total FROM ledger_entries
    WHERE refunded_number IS NOT NULL AND user_id BETWEEN :first AND :last
    GROUP BY user_id, refunded_number
) AS r
LEFT JOIN ledger_entries e ON e.user_id = r.user_id AND e.number = r.number AND e.type = 'usage'
WHERE e.number IS NULL OR r.total > -e.amount
ORDER BY r.user_id, r.number
""")

_CAPTURED_INTO_NOTHING = text("""
SELECT h.user_id, h.entry_number FROM holds h
WHERE h.status = 'captured' AND h.user_id BETWEEN :first AND :last AND NOT EXISTS (
    SELECT 1 FROM ledger_entries e
    WHERE e.user_id = h.user_id AND e.number = h.entry_number AND e.hold_id = h.id
)
ORDER BY h.user_id, h.entry_number
""")

_MISLEADING = (
    (_OF_NO_PAYMENT, "it is of no payment of this user"),
    (_GIVEN_BACK_TOO_MUCH, "more was given back for it than it took"),
    (_CAPTURED_INTO_NOTHING, "a captured hold names it, but it did not come from that hold"),
)
