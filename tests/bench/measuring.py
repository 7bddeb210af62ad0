"""Rounds of ours and of its reference in turn, and what they come to."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import click

WARM_UP = 20


@dataclass(frozen=True)
class Runs:
    """What all rounds of one side came to; the best is the highest rate or the lowest time."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def best(self):
        return max(self.values) if self.unit == "/s" else min(self.values)


@dataclass(frozen=True)
class Row:
    """Ours beside its reference; the ratio is of their medians, `aim` is its bound, if any."""

    what: str
    ours: Runs
    reference: Runs | None = None
    aim: str = ""
    note: str = ""

    @property
    def ratio(self):
        """Ours over the reference; ours alone where there is none."""
        return self.ours.median / (self.reference.median if self.reference else 1)

    @property
    def reached(self):
        """Whether the aim is reached; None without an aim."""
        if not self.aim:
            return None
        sign, bound = self.aim.split()[:2]
        return self.ratio >= float(bound) if sign == "≥" else self.ratio <= float(bound)


def compare(what, unit, rounds, *, ours, reference, aim="", note=""):
    """Measure two sides, each a name and a function that does a round, in alternating order."""
    sides = {"ours": ours, "reference": reference}
    values = {"ours": [], "reference": []}
    for number in range(rounds):
        for side in sorted(sides, reverse=number % 2 == 0):
            values[side].append(sides[side][1]())
    runs = {side: Runs(name, unit, tuple(values[side])) for side, (name, _) in sides.items()}
    row = Row(what, runs["ours"], runs["reference"], aim, note)
    click.echo(f"  {what}: {row.ratio:.2f}", err=True)
    return row


def rate(workers, seconds):
    """Calls per second of some threads, each with a worker: a context that gives what to call."""
    start = Barrier(len(workers), timeout=60)

    def run(worker):
        with worker() as call:
            for _ in range(WARM_UP):
                call()
            start.wait()
            began, calls = time.perf_counter(), 0
            while time.perf_counter() < began + seconds:
                call()
                calls += 1
            return calls / (time.perf_counter() - began)

    with ThreadPoolExecutor(len(workers)) as pool:
        return sum(pool.map(run, workers))


def milliseconds(call: Callable[[], object], seconds: float) -> float:
    """What a call takes: the median of as many as fit into some seconds, and of three at least."""
    call()
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while len(taken) < 3 or time.perf_counter() < until:
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def stopwatch(call: Callable[[], object]) -> float:
    """The seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
