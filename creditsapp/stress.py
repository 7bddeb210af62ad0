"""A race of real processes for one wallet, to see with one's own database that no credit is lost.

All processes give the wallet its credits by the same keys, so that each part comes in once; then
all of them spend, hold, capture, release and repeat themselves until nothing is left.
"""

import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from flask import Flask, current_app

from creditsapp.extensions import db
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

    @property
    def ok(self) -> bool:
        """Whether every credit is accounted for."""
        return self.failures == 0 and self.expected_sum == self.final_sum == self.final_balance


def race(processes: int, balance: Decimal, cost: Decimal) -> Outcome:
    """Let processes race for a throwaway wallet (of a negative user id) with `balance` credits."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    user_id = -time.time_ns()
    with transaction() as session:
        wallets._open(session, user_id)
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(processes + 1), fork.SimpleQueue()

    def run(seed: int) -> None:
        with app.app_context():
            start.wait(60)
            results.put(_compete(user_id, balance, cost, random.Random(seed)))

    db.session.remove()
    db.engine.dispose()  # a connection must not be shared by a parent and its children
    racers = [fork.Process(target=run, args=(seed,)) for seed in range(processes)]
    for racer in racers:
        racer.start()
    start.wait(60)
    began = time.monotonic()
    for racer in racers:
        racer.join()
    seconds = time.monotonic() - began
    counts: Counter[str] = Counter()
    while not results.empty():
        counts.update(results.get())
    counts["failures"] += sum(racer.exitcode != 0 for racer in racers)
    return _outcome(user_id, balance, cost, counts, seconds)


def _compete(user_id: int, balance: Decimal, cost: Decimal, chance: random.Random) -> Counter[str]:
    counts: Counter[str] = Counter()
    part = (balance / PARTS).quantize(Decimal("0.0001"), ROUND_FLOOR)
    for number in range(PARTS):
        given = part if number else balance - part * (PARTS - 1)
        if given:
            ledger.grant(user_id, given, description="stress", key=f"part-{number}")
    while ledger.balance(user_id).balance >= cost:
        counts["attempts"] += 1
        try:
            counts[chance.choice(ACTS)(user_id, cost, chance)] += 1
        except InsufficientCredits:
            counts["refusals"] += 1
        db.session.remove()
    return counts


def _spend(user_id: int, cost: Decimal, chance: random.Random) -> str:
    ledger.spend(user_id, cost, operation=OPERATION)
    return "wins"


def _spend_twice_by_key(user_id: int, cost: Decimal, chance: random.Random) -> str:
    key = f"{chance.getrandbits(64)}-{time.time_ns()}"
    first = ledger.spend(user_id, cost, operation=OPERATION, key=key)
    again = ledger.spend(user_id, cost, operation=OPERATION, key=key)
    if first.number != again.number:
        raise AssertionError("a key was charged twice")
    return "wins"


def _capture(user_id: int, cost: Decimal, chance: random.Random) -> str:
    holds.capture(user_id, holds.hold(user_id, cost, operation=OPERATION).id)
    return "wins"


def _release(user_id: int, cost: Decimal, chance: random.Random) -> str:
    holds.release(user_id, holds.hold(user_id, cost, operation=OPERATION).id)
    return "releases"


ACTS = (_spend, _spend_twice_by_key, _capture, _release)


def _outcome(
    user_id: int, balance: Decimal, cost: Decimal, counts: Counter[str], seconds: float
) -> Outcome:
    entries, below = [], None
    while True:
        page, below = ledger.history(user_id, limit=1000, before=below)
        entries += [entry.amount for entry in page]
        if below is None:
            break
    return Outcome(
        attempts=counts["attempts"],
        wins=counts["wins"],
        refusals=counts["refusals"],
        releases=counts["releases"],
        failures=counts["failures"],
        seconds=seconds,
        expected_sum=balance - cost * counts["wins"],
        final_sum=sum(entries, Decimal(0)),
        final_balance=ledger.balance(user_id).balance,
    )
