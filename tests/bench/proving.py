"""Work over all entries: `verify` beside the simplest sum, the CSV export, and their memory."""

import subprocess
import sys

import httpx
import psutil
from sqlalchemy import text

from creditsapp.extensions import db
from creditsapp.services import verification
from tests.bench import pages
from tests.bench.command import peak
from tests.bench.data import fill
from tests.bench.measuring import Row, Runs, compare, stopwatch
from tests.bench.serving import signed_in
from tests.bench.spending import app_on
from tests.servers import ROOT, Servers

WALLETS = 1000
FLAT = "≤ 20 MB"
SYSTEMS = (("postgresql", "PostgreSQL"), ("sqlite", "SQLite"))


def verify(bench):
    """`verify` over many wallets and over one big wallet, and how its memory grows."""
    for kind, name in SYSTEMS:
        shapes = {f"{WALLETS:,} wallets": spread(bench, kind)}
        shapes["one wallet"] = pages.long_and_short(bench, kind)
        for shape, url in shapes.items():
            with app_on(url) as app:
                yield compare(
                    f"verify, {bench.many:,} entries, {shape}, {name}",
                    "s",
                    bench.rounds,
                    ours=("verify", lambda app=app: stopwatch(lambda: _verify(app))),
                    reference=("sum by user", lambda app=app: stopwatch(lambda: _sum(app))),
                    aim="≤ 4",
                )
        url = shapes[f"{WALLETS:,} wallets"]
        yield _grown(bench, kind, f"verify, memory, {name}", url, "verify")


def export(bench):
    """`flask credits export` of everything, and one person's download of a ledger as long."""
    for kind, name in SYSTEMS:
        seconds, highest = command(bench.folder, spread(bench, kind), "export", "-o", "-")
        speed = f"{bench.many / seconds:,.0f} rows a second"
        yield _memory(f"flask credits export, {bench.many:,} entries, {name}", highest, speed)
    yield _memory(f"export.csv, {bench.many:,} entries, PostgreSQL", *_downloaded(bench))


def spread(bench, kind):
    """The URL of a database whose entries are spread over many wallets."""
    each = bench.many // WALLETS
    return bench.databases.url(kind, "spread", lambda url: fill(url, 1, WALLETS, each))


def _verify(app):
    with app.app_context():
        report = verification.verify()
        db.session.remove()
    assert report.ok, report.problems[:3]


def _sum(app):
    with app.app_context(), db.engine.connect() as connection:
        query = "SELECT user_id, sum(amount) FROM ledger_entries GROUP BY user_id"
        connection.execute(text(query)).all()


def _grown(bench, kind, what, url, *words):
    """How much more memory a command has at its peak than it has over an empty database."""
    empty = command(bench.folder, bench.databases.url(kind, "empty"), *words)[1]
    full = command(bench.folder, url, *words)[1]
    runs = Runs("grown", "MB", (full - empty,))
    return Row(what, runs, aim=FLAT, note=f"{empty:.0f} MB over nothing, {full:.0f} MB over all")


def _memory(what, highest, speed):
    return Row(what, Runs("peak of the process", "MB", (highest,)), aim="≤ 150 MB", note=speed)


def command(folder, url, *words):
    """The seconds and the peak, in MB, of a `flask credits` command whose output is thrown away."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.command", "credits", *words],
        cwd=ROOT,
        env=Servers(url, folder).environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, highest = done.stderr.split()[-2:]
    return float(seconds), float(highest)


def _downloaded(bench):
    """The peak of the server's process that sends a whole ledger, and how fast it does."""
    server = Servers(pages.long_and_short(bench, "postgresql"), bench.folder)
    with server.app_alone() as process:
        headers = signed_in(server, pages.email(bench.many))
        rows = 0

        def download():
            nonlocal rows
            path = f"{server.url}/credits/export.csv"
            with httpx.stream("GET", path, headers=headers, timeout=60) as answer:
                rows = sum(part.count(b"\n") for part in answer.iter_raw())

        seconds = stopwatch(download)
        assert rows == bench.many + 1, rows
        workers = psutil.Process(process.pid).children()
        return max(peak(worker.pid) for worker in workers), f"{rows / seconds:,.0f} rows a second"
