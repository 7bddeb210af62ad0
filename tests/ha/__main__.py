"""`make ha`: what breaks in a cluster under load, and how long and what it costs."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

import click

from tests.ha.cluster import Cluster
from tests.ha.drill import drill, watch
from tests.ha.faults import FAULTS, Scene
from tests.ha.redis import Redis
from tests.load import acts, oracle, report
from tests.load.crowd import Crowd
from tests.load.journal import Journal
from tests.load.serving import App, migrate, sandbox_words
from tests.servers import Servers

WEIGHTS = {acts.spend: 5, acts.operation: 3, acts.hold: 3, acts.webhook: 2, acts.balance: 2}
ALLOWED = ("200", "201", "303", "304", "503", "429", "409", "lost")
COLUMNS = (
    ("fault", "fault", 26),
    ("back", "back s", 8),
    ("limit", "limit", 7),
    ("gap", "gap s", 7),
    ("slowest", "slowest", 9),
    ("not_ready", "readyz", 8),
    ("healthy", "whole s", 9),
    ("unavailable", "503s", 6),
    ("lost", "cut", 5),
    ("acknowledged", "acked", 7),
)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(FAULTS)))
@click.option("--rounds", default=1, help="How often each fault happens; 1.")
@click.option("--clients", default=8, help="How many act at a time; 8.")
@click.option("--people", default=24, help="As whom they do; 24.")
def main(names, rounds, clients, people):
    """Break each of NAMES, by default everything, in turn."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="credits-ha-"))
    folder.chmod(0o755)
    journal, began = Journal(), time.monotonic()
    chosen = [FAULTS[name] for name in names or FAULTS] * rounds
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        scene = brought_up(stack, folder)
        click.echo(f"The cluster is up after {time.monotonic() - began:.0f} s.")
        crowd = Crowd(
            [app.port for app in scene.apps], journal, WEIGHTS, people=people, clients=clients
        )
        rows, unfinished = asyncio.run(drilled(chosen, scene, crowd, journal))
        time.sleep(10)  # until what was held for nobody may be let go
        commands = scene.apps[0].servers
        commands.flask("credits", "release-holds", "--reason", "the drill is over")
        verdict = oracle.judge(scene.cluster.url, journal)
        verified = commands.flask("credits", "verify").returncode == 0
    wrong = list(faults_of(rows, journal, crowd, unfinished, verdict, verified))
    statuses = dict(journal.statuses().most_common())
    click.echo("answers: " + ", ".join(f"{n} × {status}" for status, n in statuses.items()))
    click.echo(report.verdict_line(verdict, verified))
    for line in wrong:
        click.echo(f"WRONG: {line}")
    found = report.as_json(verdict, verified) | {"statuses": statuses, "rows": [*map(asdict, rows)]}
    click.echo(f"Written to {report.keep('ha', found | {'wrong': wrong})}")
    sys.exit(1 if wrong else 0)


def brought_up(stack, folder):
    """The whole scene: cluster, Redis, payment sandbox, and two app servers."""
    cluster = stack.enter_context(Cluster(folder))
    redis = stack.enter_context(Redis(folder))
    apps = []
    for name in ("first", "second"):
        (folder / name).mkdir()
        servers = Servers(cluster.url, folder / name)
        app = App(servers, RATELIMIT_STORAGE_URI=redis.url)
        if not apps:
            migrate(servers)
            stack.enter_context(app.command(*sandbox_words(servers)))
            servers._wait_for(f"http://127.0.0.1:{servers.sandbox_port}/sandbox/")
        else:
            sandbox = apps[0].servers.environment["DODO_PAYMENTS_BASE_URL"]
            servers.environment["DODO_PAYMENTS_BASE_URL"] = sandbox
        app.start()
        stack.callback(app.stop)
        apps.append(app)
    return Scene(cluster, apps, redis)


async def drilled(chosen, scene, crowd, journal):
    """Every fault's row, printed as it comes, and how many acts never ended."""
    await crowd.come_in()
    watching = asyncio.create_task(watch([app.port for app in scene.apps], journal))
    crowd.begin()
    click.echo("".join(f"{title:<{width}}" for _name, title, width in COLUMNS))
    rows = []
    for fault in chosen:
        rows.append(await drill(fault, scene, journal))
        shown = asdict(rows[-1])
        click.echo("".join(f"{_cell(shown[name]):<{width}}" for name, _, width in COLUMNS))
    unfinished = await crowd.end()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return rows, unfinished


def faults_of(rows, journal, crowd, unfinished, verdict, verified):
    """What is not as it has to be."""
    yield from (f"{row.fault}: {row}" for row in rows if not row.right)
    for status in journal.statuses():
        if not status.startswith(ALLOWED):
            yield f"an answer that should not be: {status}"
    if unfinished:
        yield f"{unfinished} acts never came to an end"
    yield from crowd.refusals[:20]
    if not (verdict.right and verified):
        yield "the ledger is not what its clients were told"


def _cell(value):
    return "–" if value is None else str(value)


if __name__ == "__main__":
    os.environ.pop("DATABASE_URL", None)
    main()
