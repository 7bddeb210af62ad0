"""Measure, print, and keep the figures in `.artifacts/scale.json` and `scale.md`."""

import json
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

from tests.bench import machine
from tests.bench.data import Databases
from tests.databases import running_postgres
from tests.scale import costs, large, layers, partitions, throughput
from tests.scale.figures import as_json, markdown
from tests.scale.loading import load

ARTIFACTS = Path(__file__).parents[2] / ".artifacts"
MEASUREMENTS = {
    "many": throughput.many_wallets,
    "hot": throughput.hot_wallet,
    "together": throughput.spend_many,
    "layers": layers.of_a_spend,
    "http": layers.of_a_request,
    "load": layers.requests_at_once,
    "cost": costs.of_spends,
    "reading": large.reading,
    "whole": large.whole,
    "spend": large.spend,
    "weight": large.weight,
    "partitions": partitions.ledgers,
}


@dataclass
class Scale:
    """What every measurement is given: where, how long, how much."""

    server: object
    folder: Path
    seconds: float
    entries: int
    part: int
    vcpu_hour: float

    @cached_property
    def databases(self):
        """Databases by name, made when they are asked for first."""
        return Databases(self.server, self.folder)

    @cached_property
    def small(self):
        """The URL of a database that has no more than what measuring puts there."""
        return self.databases.url("postgresql", "small")

    @cached_property
    def large(self):
        """The URL of a database with all the entries."""
        return self.databases.url("postgresql", "large", self._load)

    def _load(self, url):
        began = time.monotonic()
        entries, wallets = load(url, self.entries)
        seconds = time.monotonic() - began
        click.echo(f"  {entries:,} entries of {wallets:,} wallets in {seconds:.0f} s", err=True)


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(MEASUREMENTS)), help="Repeatable.")
@click.option("--entries", type=click.IntRange(20_000), default=10_000_000, show_default=True)
@click.option("--part", type=click.IntRange(20_000), default=1_000_000, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=5, show_default=True)
@click.option("--vcpu-hour", default=0.05, show_default=True, help="What a processor costs.")
@click.option("--save/--no-save", default=True)
def main(only, entries, part, seconds, vcpu_hour, save):
    """Measure what docs/scaling.md tells; --part is how many entries a partitioned ledger has."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="credits-scale-") as folder,
        running_postgres() as server,
    ):
        about = machine.described(folder, server.get_uri())
        scale = Scale(server, Path(folder), seconds, entries, part, vcpu_hour)
        found = {}
        for name, measure in MEASUREMENTS.items():
            if not only or name in only:
                click.echo(f"{name}, after {time.monotonic() - began:.0f} s", err=True)
                found[name] = list(measure(scale))
                click.echo(f"\n**{name}**: {measure.__doc__}\n\n{markdown(found[name])}")
    if save:
        _keep(about, found)


def _keep(about, found):
    """Replace what was measured again; what was not stays as it was."""
    path = ARTIFACTS / "scale.json"
    ARTIFACTS.mkdir(exist_ok=True)
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept |= {name: {"on": about, "figures": as_json(figures)} for name, figures in found.items()}
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
