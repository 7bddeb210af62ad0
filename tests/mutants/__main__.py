"""`python -m tests.mutants [module …]`: how many mistakes in these modules fail a test."""

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.mutations import mutants
from tests.mutants.running import Baseline, Tests, verdicts, with_tests
from tests.mutants.written import REPLACEMENTS

MODULES = ["posting", "batch", "ledger", "settlement", "holds", "expiry"]
VERDICTS = ["killed", "survived", "timed out", "equivalent", "invalid"]
ENOUGH = 90


@click.command()
@click.argument("modules", nargs=-1, type=click.Choice(MODULES))
@click.option("--only", multiple=True, metavar="TEXT", help="Mutants with this in their name.")
@click.option("--workers", default=os.cpu_count(), help="How many are tried at a time.")
@click.option("--verbose", is_flag=True, help="Name the test that killed each.")
def main(modules: Sequence[str], only: Sequence[str], workers: int, verbose: bool) -> None:
    """Try every mutant; exit 1 when fewer than 90 % of a module's are killed."""
    sys.exit(with_tests(lambda tests: _try(tests, modules or MODULES, only, workers, verbose)))


def _try(
    tests: Tests, modules: Sequence[str], only: Sequence[str], workers: int, verbose: bool
) -> int:
    began = time.monotonic()
    baseline = Baseline(tests, [_path(module) for module in MODULES])
    click.echo(f"{len(baseline.seconds)} tests pass, after {time.monotonic() - began:.0f} s")
    counts: dict[str, Counter[str]] = {module: Counter() for module in modules}
    for module, count in counts.items():
        known, path = EQUIVALENT.get(module, {}), _path(module)
        ones = list(mutants(path, Path(path).read_text(), REPLACEMENTS.get(module, [])))
        for name in set(known) - {one.name for one in ones}:
            raise LookupError(f"{module} has no mutant {name!r} any more")
        wanted = [one for one in ones if not only or any(it in one.name for it in only)]
        count["equivalent"] = sum(one.name in known for one in wanted)
        tried = [one for one in wanted if one.name not in known]
        for one, verdict, killer in verdicts(tried, tests, baseline, workers):
            count[verdict] += 1
            if verdict in ("survived", "timed out") or verbose:
                click.echo(f"{verdict}: {one.path}:{one.line} {one.name} {killer}")
        _report(module, count)
    _report("all", sum(counts.values(), Counter()))
    click.echo(f"{time.monotonic() - began:.0f} s")
    return 0 if all(_percent(count) >= ENOUGH for count in counts.values()) else 1


def _path(module: str) -> str:
    return f"creditsapp/services/{module}.py"


def _report(name: str, count: Counter[str]) -> None:
    figures = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS)
    click.echo(f"{name}: {_percent(count):.1f} % killed ({figures})")


def _percent(count: Counter[str]) -> float:
    """The share of killed ones; one that timed out or is equivalent is not killed."""
    real = count.total() - count["invalid"]
    return 100 * count["killed"] / real if real else 100


main()
