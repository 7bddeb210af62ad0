"""A race of real processes for one wallet, to see with one's own database that no credit is lost.

All processes give the wallet its credits by the same keys, so that each part comes in once; then
all of them spend, hold, capture, release and repeat each other's keys until nothing is left. At
the end the ledger has to have exactly the entries that the processes were told of.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from multiprocessing.connection import Connection

from flask import Flask, current_app

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.services import holds, ledger, wallets
from creditsapp.services.errors import InsufficientCredits
from creditsapp.services.transaction import transaction

PARTS = 10
OPERATION = "stress"


@dataclass(frozen=True)
class Outcome:
    """What the race came to; `final_sum` is what the wallet's entries add up to."""

    attempts: int
    wins: int
    refusals: int
    releases: int
    failures: int
    seconds: float
    expected_sum: Decimal
    final_sum: Decimal
    final_balance: Decimal
    as_told: bool

    @property
    def ok(self) -> bool:
        """Whether every credit is accounted for."""
        sums = self.expected_sum == self.final_sum == self.final_balance
        return sums and self.as_told and self.failures == 0

    @property
    def pace(self) -> float:
        """Attempts a second."""
        return self.attempts / self.seconds


def race(processes: int, balance: Decimal, cost: Decimal) -> Outcome:
    """Let processes race for a throwaway wallet (of a negative user id) with `balance` credits."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
    user_id = -time.time_ns()
    with transaction() as session:
        wallets._open(session, user_id)
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(processes + 1)

    def run(seed: int, told: Connection) -> None:
        with app.app_context():
            start.wait(60)
            chance = random.Random(seed)  # nosec B311 # a race that can be repeated
            told.send(_compete(user_id, balance, cost, chance))

    db.session.remove()
    db.engine.dispose()  # a connection must not be shared by a parent and its children
    answers = []
    for seed in range(processes):
        answer, told_by_racer = fork.Pipe(duplex=False)
        fork.Process(target=run, args=(seed, told_by_racer)).start()
        told_by_racer.close()  # so that the end of a racer is the end of its pipe
        answers.append(answer)
    start.wait(60)
    began = time.monotonic()
    counts: Counter[str] = Counter()
    told: set[int] = set()
    for answer in answers:
        try:
            counted, entries = answer.recv()
        except EOFError:
            counts["failures"] += 1
        else:
            counts.update(counted)
            told |= entries
    seconds = time.monotonic() - began
    return _outcome(user_id, balance, cost, counts, told, seconds)


def _compete(
    user_id: int, balance: Decimal, cost: Decimal, chance: random.Random
) -> tuple[Counter[str], set[int]]:
    """Act until nothing is left; return what was counted and the entries that were answered."""
    counts: Counter[str] = Counter()
    told: set[int] = set()
    part = (balance / PARTS).quantize(Decimal("0.0001"), ROUND_FLOOR)
    for number in range(PARTS):
        given = part if number else balance - part * (PARTS - 1)
        if given:
            ledger.grant(user_id, given, description="stress", key=f"part-{number}")
    while ledger.balance(user_id).balance >= cost:
        counts["attempts"] += 1
        try:
            entry = chance.choice(ACTS)(user_id, cost, counts["attempts"])
        except InsufficientCredits:
            counts["refusals"] += 1
        else:
            counts["releases"] += entry is None
            told |= {entry.number} if entry else set()
        db.session.remove()
    return counts, told


def _spend(user_id: int, cost: Decimal, attempt: int) -> LedgerEntry:
    return ledger.spend(user_id, cost, operation=OPERATION)


def _spend_by_a_shared_key(user_id: int, cost: Decimal, attempt: int) -> LedgerEntry:
    """All processes come by the same keys, at about the same time."""
    return ledger.spend(user_id, cost, operation=OPERATION, key=f"shared-{attempt}")


def _capture(user_id: int, cost: Decimal, attempt: int) -> LedgerEntry:
    """Hold more than is captured in the end, every other time."""
    most = cost * (1 + attempt % 2)
    return holds.capture(user_id, holds.hold(user_id, most, operation=OPERATION).id, cost)


def _release(user_id: int, cost: Decimal, attempt: int) -> None:
    holds.release(user_id, holds.hold(user_id, cost, operation=OPERATION).id)


ACTS: tuple[Callable[[int, Decimal, int], LedgerEntry | None], ...] = (
    _spend,
    _spend_by_a_shared_key,
    _capture,
    _release,
)


def _outcome(
    user_id: int,
    balance: Decimal,
    cost: Decimal,
    counts: Counter[str],
    told: set[int],
    seconds: float,
) -> Outcome:
    entries: list[LedgerEntry] = []
    below = None
    while True:
        page, below = ledger.history(user_id, limit=1000, before=below)
        entries += page
        if below is None:
            break
    return Outcome(
        attempts=counts["attempts"],
        wins=len(told),
        refusals=counts["refusals"],
        releases=counts["releases"],
        failures=counts["failures"],
        seconds=seconds,
        expected_sum=balance - cost * len(told),
        final_sum=sum((entry.amount for entry in entries), Decimal(0)),
        final_balance=ledger.balance(user_id).balance,
        as_told=told == {entry.number for entry in entries if entry.type == "usage"},
    )
