"""`make troubles`: a disk that is full and a database that may only be read, under load.

The app has to refuse in words, change nothing, and go on by itself once the trouble is over.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg

from tests.crashes.servers import restart
from tests.databases import running_postgres
from tests.load import acts, oracle, report
from tests.load.crowd import Crowd
from tests.load.journal import Journal
from tests.load.serving import served

WEIGHTS = {acts.spend: 5, acts.operation: 3, acts.hold: 3, acts.webhook: 1, acts.balance: 3}
ALLOWED = ("200", "201", "303", "304", "503 ", "409 operation_in_progress")
LASTS = 10.0
BACK = 30.0


class Disk:
    """A small disk of our own."""

    def __init__(self, folder):
        self.folder = folder

    def fill(self):
        """Leave no room on it."""
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        filler.write(b"\0" * size)
                except OSError:
                    continue

    def free(self):
        (self.folder / "filler").unlink()


@contextmanager
def small_disk(folder, megabytes):
    """A tmpfs; only root may mount one."""
    place = folder / "disk"
    place.mkdir()
    options = f"size={megabytes}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def sqlite_without_room(folder):
    with small_disk(folder, 64) as disk:
        yield f"sqlite:///{disk.folder}/credits.db", disk.fill, disk.free


@contextmanager
def postgresql_without_room(folder, *, for_its_log=False):
    with small_disk(folder, 400) as disk, running_postgres(disk.folder / "data") as server:
        url = server.get_uri()

        def begin():
            disk.fill()
            if for_its_log:  # the next segment of which has no room
                try:
                    _tell(url, "SELECT pg_switch_wal()")
                except psycopg.OperationalError:
                    pass  # PostgreSQL ends itself rather than lose a commit

        def end():
            disk.free()
            restart(server)  # as its supervisor does, where it has ended itself

        yield url, begin, end


@contextmanager
def postgresql_read_only(_folder):
    with running_postgres() as server:
        url = server.get_uri()

        def only_read(value):
            setting = f"ALTER SYSTEM SET default_transaction_read_only = {value}"
            _tell(url, "SET default_transaction_read_only = off", setting)
            _tell(url, "SELECT pg_reload_conf()")

        yield url, lambda: only_read("on"), lambda: only_read("off")


def _tell(url, *statements):
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        for statement in statements:
            connection.execute(statement)


TROUBLES = {
    "SQLite, disk full": sqlite_without_room,
    "PostgreSQL, disk full": postgresql_without_room,
    "PostgreSQL, log full": lambda folder: postgresql_without_room(folder, for_its_log=True),
    "PostgreSQL, read only": postgresql_read_only,
}


async def suffered(crowd, journal, begin, end):
    """Let a trouble come and go; return when each was, and how many acts never ended."""
    await crowd.come_in()
    crowd.begin()
    await _until_written(journal, 0)
    began = time.monotonic()
    await asyncio.to_thread(begin)
    await asyncio.sleep(LASTS)
    ended = time.monotonic()
    await asyncio.to_thread(end)
    await _until_written(journal, ended)
    return began, ended, await crowd.end()


async def _until_written(journal, since):
    deadline = time.monotonic() + 2 * BACK
    while not (journal.writes and journal.writes[-1].asked > since):
        if time.monotonic() > deadline:
            raise RuntimeError("nothing is written")
        await asyncio.sleep(0.05)


def look_into(name, trouble):
    """One trouble from its beginning to its end; return what was found, and what is wrong."""
    journal = Journal()
    with tempfile.TemporaryDirectory(prefix="credits-trouble-") as folder:
        Path(folder).chmod(0o755)
        with trouble(Path(folder)) as (url, begin, end), served(url, Path(folder)) as app:
            crowd = Crowd([app.port], journal, WEIGHTS, people=12, clients=6)
            began, ended, unfinished = asyncio.run(suffered(crowd, journal, begin, end))
            time.sleep(10)  # until what was held for nobody may be let go
            app.servers.flask("credits", "release-holds", "--reason", "the trouble is over")
            verdict = oracle.judge(url, journal)
            verified = app.servers.flask("credits", "verify").returncode == 0
    refused = [a for a in journal.answers if began < a.at and a.status == 503]
    back = min(w.at for w in journal.writes if w.asked > ended) - ended
    found = {
        "trouble": name,
        "refused": len(refused),
        "writtenMeanwhile": sum(began < w.asked < w.at < ended for w in journal.writes),
        "slowest": round(max(a.seconds for a in journal.answers if a.at > began), 2),
        "back": round(back, 2),
        "statuses": dict(journal.statuses()),
    }
    strange = [s for s in found["statuses"] if not s.startswith(ALLOWED)]
    wrong = [f"an answer that should not be: {status}" for status in strange]
    wrong += crowd.refusals[:5]
    wrong += [] if refused else ["nobody was refused: there was no trouble"]
    wrong += [] if back <= BACK else ["writes were not back in time"]
    wrong += [f"{unfinished} acts never came to an end"] if unfinished else []
    wrong += [] if verdict.right and verified else ["the ledger is not what was told"]
    return found | report.as_json(verdict, verified) | {"wrong": wrong}, verdict, verified


@click.command()
@click.argument("words", nargs=-1)
def main(words):
    """Every trouble, or those whose names have one of WORDS."""
    chosen = [name for name in TROUBLES if not words or any(word in name for word in words)]
    results = []
    for name in chosen:
        if "full" in name and os.geteuid() != 0:
            click.echo(f"{name}: left out, since only root may mount a small disk")
            continue
        found, verdict, verified = look_into(name, TROUBLES[name])
        results.append(found)
        click.echo(
            f"{name}: {found['refused']} × 503, {found['writtenMeanwhile']} writes meanwhile,"
            f" slowest answer {found['slowest']} s, writes back after {found['back']} s"
        )
        click.echo(f"  {report.verdict_line(verdict, verified)}")
        for line in found["wrong"]:
            click.echo(f"  WRONG: {line}")
    click.echo(f"Written to {report.keep('troubles', {'troubles': results})}")
    sys.exit(1 if any(found["wrong"] for found in results) else 0)


if __name__ == "__main__":
    os.environ.pop("DATABASE_URL", None)
    main()
