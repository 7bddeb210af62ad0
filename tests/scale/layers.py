"""Where the time of a spend goes: each row does all that the row before it does, and some more."""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from tests.bench.client import as_bytes, timed
from tests.bench.measuring import WARM_UP
from tests.bench.serving import BODY, JSON, served
from tests.bench.spending import app_on, raw_psycopg, spends, wallets_with_credits
from tests.scale.accounting import Meter
from tests.scale.figures import Figure, latencies
from tests.scale.throughput import CLIENTS

PEOPLE = 8
PAGE = 8192


def of_a_spend(scale):
    """One thread's `ledger.spend`, from the disk upwards; processor time of both sides."""
    with app_on(scale.small) as app:
        with app.app_context():
            user_ids = wallets_with_credits(100)
        for row, worker in {
            "write 8 kB and `fdatasync`": _synced(scale.folder),
            "the statement by psycopg, `synchronous_commit` off": raw_psycopg(
                scale.small, user_ids, "-c synchronous_commit=off"
            ),
            "the statement by psycopg": raw_psycopg(scale.small, user_ids),
            "`ledger.spend`": spends(app, user_ids),
        }.items():
            with worker() as call:
                yield from _each(row, *metered(scale, call))


def _synced(folder):
    @contextmanager
    def worker():
        file = os.open(folder / "synced", os.O_WRONLY | os.O_CREAT)

        def call():
            os.pwrite(file, bytes(PAGE), 0)
            os.fdatasync(file)

        yield call
        os.close(file)

    return worker


def metered(scale, call):
    """The bill of repeating a call in this thread on the small database, and how often it was."""
    meter = Meter(scale.server, scale.small, [os.getpid()])
    for _ in range(WARM_UP):
        call()
    before, calls, until = meter.read(), 0, time.perf_counter() + scale.seconds
    while time.perf_counter() < until:
        call()
        calls += 1
    return meter.read() - before, calls


def _each(row, bill, calls):
    yield Figure(row, "time", 1e6 * bill.seconds / calls, "µs")
    yield Figure(row, "client CPU", 1e6 * bill.client / calls, "µs")
    yield Figure(row, "PostgreSQL CPU", 1e6 * bill.server / calls, "µs")


def of_a_request(scale):
    """Eight people's requests at once under gunicorn, from the framework upwards."""
    with asking(scale, PEOPLE) as ask:
        for row, (path, body, status, known) in {
            "JSON echoed, no cookie": ("/reference/echo", BODY, 200, False),
            "+ session, user, CSRF": ("/guarded/nothing", BODY, 200, True),
            "+ rate limit": ("/guarded/counted", BODY, 200, True),
            "+ `ledger.spend`": ("/guarded/spend", BODY, 200, True),
            "a theme: hold, work, creation, capture": (*THEME, 201, True),
        }.items():
            bill, taken = ask(path, body, status, known=known)
            yield from latencies(row, bill.seconds, taken)
            yield Figure(row, "web CPU", 1e6 * bill.client / len(taken), "µs")
            yield Figure(row, "PostgreSQL CPU", 1e6 * bill.server / len(taken), "µs")


def requests_at_once(scale):
    """Spends over HTTP by so many people at once, each from a wallet of their own."""
    with asking(scale, max(CLIENTS)) as ask:
        for clients in CLIENTS:
            bill, taken = ask("/guarded/spend", BODY, 200, people=clients)
            yield from latencies(f"{clients} at once", bill.seconds, taken)


THEME = ("/api/operations/theme_generation", b'{"prompt": "a forest in the morning"}')


@contextmanager
def asking(scale, people):
    """A function that lets people ask a server the same again and again: the bill, the times."""
    url = scale.databases.url("postgresql", "serving")
    spawn = multiprocessing.get_context("spawn")
    with (
        served(scale, people) as (server, headers, process),
        ProcessPoolExecutor(1, mp_context=spawn) as client,
    ):
        meter = Meter(scale.server, url, [process.pid])

        def ask(path, body, status, *, known=True, people=None):
            each = [JSON | one if known else JSON for one in headers[:people]]
            requests = [as_bytes("POST", path, one, body) for one in each]

            def load(seconds):
                return client.submit(timed, server.app_port, requests, status, seconds).result()

            load(0.5)
            before = meter.read()
            taken = [each for one in load(scale.seconds) for each in one]
            return meter.read() - before, taken

        yield ask
