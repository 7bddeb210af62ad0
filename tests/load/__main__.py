"""`make load`: the main job for some minutes, and what it did to requests, memory and ledger."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import click

from tests.databases import running_postgres
from tests.load import acts, chaos, oracle, report
from tests.load.crowd import Crowd
from tests.load.journal import Journal
from tests.load.serving import served

WEIGHTS = {
    acts.balance: 40,
    acts.spend: 25,
    acts.operation: 12,
    acts.hold: 10,
    acts.ledger_page: 8,
    acts.sign_in: 3,
    acts.purchase: 2,
}
ALLOWED = ("200", "201", "302", "303", "304", "402", "429 too_many_requests")
GROWTH = 1.1  # of memory, from the middle to the end
WARM = 120  # seconds until what is kept for good has been met
SAMPLES = 60


async def run(app, seconds, *, people, clients, killer):
    """The load, with what it came to."""
    journal = Journal()
    crowd = Crowd([app.port], journal, WEIGHTS, people=people, clients=clients)
    await crowd.come_in()
    journal.answers.clear()
    began, memory = time.monotonic(), []
    crowd.begin()
    killing = asyncio.create_task(asyncio.to_thread(killer.run)) if killer else None
    try:
        while time.monotonic() < began + seconds:
            await asyncio.sleep(seconds / SAMPLES)
            memory.append(app.memory())
    finally:
        if killing:
            killer.stop()
            await killing
    crowd.stop()
    if killing:  # a webhook that found nobody comes again after minutes: nobody has to wait for it
        await asyncio.to_thread(app.servers.flask, "credits", "reconcile")
    unfinished = await crowd.end()
    found = report.measured(journal, time.monotonic() - began)
    found |= {
        "clients": clients,
        "people": people,
        "acts": dict(crowd.done),
        "limited": crowd.limited,
        "refusals": crowd.refusals[:20],
        "unfinished": unfinished,
        "memoryMB": _thirds(memory),
    }
    return journal, found


def _thirds(memory):
    """The least of each third of a run, in MB: a password takes 64 MB while it is hashed."""
    size = len(memory) // 3
    return {
        when: round(min(memory[start : start + size]) / 1e6, 1)
        for when, start in (("start", 0), ("middle", size), ("end", 2 * size))
    }


def faults(found, verdict, verified, *, killed):
    """What is not as it has to be."""
    strange = {status for status in found["statuses"] if not status.startswith(ALLOWED)}
    if not killed:
        yield from (f"an answer that should not be: {status}" for status in sorted(strange))
        memory = found["memoryMB"]
        if found["seconds"] > WARM and memory["end"] > GROWTH * memory["middle"]:
            yield "memory grew"
    elif any(status.startswith("500") for status in strange):
        yield "an answer of 500"
    if found["unfinished"]:
        yield f"{found['unfinished']} acts never came to an end"
    yield from found["refusals"]
    if not (verdict.right and verified):
        yield "the ledger is not what its clients were told"


@click.command()
@click.option("--seconds", default=300, help="How long; 300.")
@click.option("--clients", default=16, help="How many act at a time; 16.")
@click.option("--people", default=100, help="As whom they do; 100.")
@click.option("--chaos", "killing", is_flag=True, help="SIGKILL something every second.")
def main(seconds, clients, people, killing):
    """The main job for some minutes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory(prefix="credits-load-") as folder,
        running_postgres() as server,
    ):
        url = server.get_uri()
        with served(url, Path(folder)) as app:
            killer = chaos.Killer(app, server) if killing else None
            crew = {"people": people, "clients": clients, "killer": killer}
            journal, found = asyncio.run(run(app, seconds, **crew))
            time.sleep(10)  # until what was held for nobody may be let go
            app.servers.flask("credits", "release-holds", "--reason", "the load is over")
            verdict = oracle.judge(url, journal)
            verified = app.servers.flask("credits", "verify").returncode == 0
    found |= report.as_json(verdict, verified)
    if killer:
        found["killed"] = dict(killer.killed)
        click.echo("killed: " + ", ".join(f"{n} × {what}" for what, n in killer.killed.items()))
    for line in report.lines(found):
        click.echo(line)
    click.echo(
        "memory of the workers, MB: " + ", ".join(f"{w} {m}" for w, m in found["memoryMB"].items())
    )
    click.echo(report.verdict_line(verdict, verified))
    wrong = list(faults(found, verdict, verified, killed=bool(killer)))
    for fault in wrong:
        click.echo(f"WRONG: {fault}")
    click.echo(f"Written to {report.keep('chaos' if killer else 'load', found)}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    os.environ.pop("DATABASE_URL", None)
    main()
