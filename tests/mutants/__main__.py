"""`python -m tests.mutants [module …]`: how many mistakes in these modules fail a test."""

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.mutations import mutants
from tests.mutants.running import Baseline, Tests, verdicts, with_tests
from tests.mutants.written import REPLACEMENTS

MODULES = ["posting", "batch", "ledger", "holds", "settlement"]
ENOUGH = 90


def main() -> int:
    """Try every mutant; 1 when fewer than 90 % of a module's are killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("modules", nargs="*", default=MODULES, help=" ".join(MODULES))
    parser.add_argument("--only", default="", metavar="TEXT", help="mutants whose name has it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--verbose", action="store_true", help="show what killed each")
    options = parser.parse_args()
    return with_tests(lambda tests: _try(tests, options))


def _try(tests: Tests, options: argparse.Namespace) -> int:
    began = time.monotonic()
    baseline = Baseline(tests, [_path(module) for module in MODULES])
    print(f"{len(baseline.seconds)} tests pass, after {time.monotonic() - began:.0f} s", flush=True)
    counts: dict[str, Counter[str]] = {module: Counter() for module in options.modules}
    for module, count in counts.items():
        known, path = EQUIVALENT.get(module, {}), _path(module)
        ones = list(mutants(path, Path(path).read_text(), REPLACEMENTS.get(module, [])))
        for name in set(known) - {one.name for one in ones}:
            raise LookupError(f"{module} has no mutant {name!r} any more")
        wanted = [one for one in ones if options.only in one.name]
        count["equivalent"] = sum(one.name in known for one in wanted)
        tried = [one for one in wanted if one.name not in known]
        for one, verdict, killer in verdicts(tried, tests, baseline, options.workers):
            count[verdict] += 1
            if verdict in ("survived", "timed out") or options.verbose:
                print(f"{verdict}: {one.path}:{one.line} {one.name} {killer}", flush=True)
        _report(module, count)
    _report("all", sum(counts.values(), Counter()))
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if all(_percent(count) >= ENOUGH for count in counts.values()) else 1


def _path(module: str) -> str:
    return f"creditsapp/services/{module}.py"


def _report(name: str, count: Counter[str]) -> None:
    figures = ", ".join(
        f"{count[verdict]} {verdict}"
        for verdict in ("killed", "survived", "timed out", "equivalent", "invalid")
    )
    print(f"{name}: {_percent(count):.1f} % killed ({figures})", flush=True)


def _percent(count: Counter[str]) -> float:
    """The share of killed ones; one that is equivalent or timed out is not killed."""
    all_of_them = count.total() - count["invalid"]
    return 100 * count["killed"] / all_of_them if all_of_them else 100


sys.exit(main())
