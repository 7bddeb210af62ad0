"""Measure, print, and keep the numbers in `.artifacts/bench.txt` and `bench.json`."""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

from tests.bench import machine, pages, proving, report, serving, spending
from tests.bench.data import Databases
from tests.databases import running_postgres

ARTIFACTS = Path(__file__).parents[2] / ".artifacts"
MEASUREMENTS = {
    "spend-1": spending.one_thread,
    "spend-8": spending.eight_threads,
    "hot": spending.one_hot_wallet,
    "sqlite": spending.on_sqlite,
    "many": spending.many_at_once,
    "http": serving.spend,
    "etag": serving.unchanged_balance,
    "pages": pages.ledger_pages,
    "verify": proving.verify,
    "export": proving.export,
}


@dataclass(frozen=True)
class Bench:
    """What every measurement is given: where to measure, how often, how long, how much."""

    databases: Databases
    folder: Path
    rounds: int
    seconds: float
    few: int
    many: int


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(MEASUREMENTS)), help="Repeatable.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--quick", is_flag=True, help="Small sizes and short rounds, to try it.")
def main(only, rounds, quick):
    """Measure ours beside a reference, in turn, and print the ratios of the medians."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="credits-bench-") as folder,
        running_postgres() as server,
    ):
        about = machine.described(folder, server.get_uri())
        bench = Bench(
            Databases(server, Path(folder)),
            Path(folder),
            rounds,
            seconds=0.2 if quick else 1.5,
            few=1000,
            many=20_000 if quick else 1_000_000,
        )
        rows = []
        for name, measure in MEASUREMENTS.items():
            if not only or name in only:
                click.echo(f"{name}, after {time.monotonic() - began:.0f} s", err=True)
                rows += measure(bench)
    lines = report.text(about, rows)
    click.echo(lines)
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "bench.txt").write_text(lines + "\n")
    numbers = about | {"measurements": [report.as_json(row) for row in rows]}
    (ARTIFACTS / "bench.json").write_text(json.dumps(numbers, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
