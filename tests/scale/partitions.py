"""The ledger in partitions, by user and by month, beside the whole one."""

from datetime import UTC, date, datetime

import psycopg

from creditsapp.extensions import db
from creditsapp.services import ledger, periods, verification
from creditsapp.services.transaction import now
from tests.bench.data import YEARS
from tests.bench.measuring import milliseconds, stopwatch
from tests.bench.pages import ZONE
from tests.bench.spending import OPERATION, app_on, wallets_with_credits
from tests.scale.figures import Figure, latencies
from tests.scale.loading import LARGEST, load
from tests.scale.repartitioning import Partitioning, repartition
from tests.scale.spends import spending

PARTS = 16
CLIENTS = 8


def ledgers(scale):
    """The same ledger whole, in 16 partitions by user, and in one for each month."""
    for column, how in {
        "whole": None,
        f"{PARTS} by user": by_user(),
        "by month": by_month(),
    }.items():
        refused = {}

        def prepare(url, how=how, refused=refused):
            if how:
                refused |= repartition(url, how)
            load(url, scale.part)

        name = column.replace(" ", "_").removeprefix("16_")
        url = scale.databases.url("postgresql", name, prepare)
        for row, value, unit in _measured(scale, url):
            yield Figure(row, column, value, unit)
        for constraint in refused:
            yield Figure(f"`{constraint}`", column, "not possible")
        if how and how.also:
            yield from _without_the_oldest(url, column, how.bounds)


def by_user():
    """So many partitions by a hash of the user's number."""
    bounds = {
        f"part{number}": f"FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {number})"
        for number in range(PARTS)
    }
    return Partitioning("HASH (user_id)", bounds)


def by_month():
    """A partition for each month of the data, and of this one."""
    this = datetime.now(UTC)
    months = [this.year * 12 + this.month - 1 - back for back in range(12 * YEARS + 1, -2, -1)]
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    bounds = {
        f"month{start:%Y%m}": f"FOR VALUES FROM ('{start}') TO ('{end}')"
        for start, end in zip(starts, starts[1:], strict=False)
    }
    return Partitioning("RANGE (created_at)", bounds, also="created_at")


def _measured(scale, url):
    with app_on(url) as app, app.app_context():
        middle = ledger.balance(LARGEST).version // 2
        for row, call in {
            "`ledger.history`, newest": lambda: ledger.history(LARGEST),
            "`ledger.history`, in the middle": lambda: ledger.history(LARGEST, before=middle),
            "`periods.summed`": lambda: periods.summed(LARGEST, now(), ZONE),
        }.items():
            yield (
                row,
                milliseconds(lambda call=call: (call(), db.session.remove()), scale.seconds / 4),
                "ms",
            )
        yield "`verify`", stopwatch(_right), "s"
        twice = {
            ledger.spend(LARGEST, 1, operation=OPERATION, key="again").number for _ in range(2)
        }
        yield "a key that comes again", "charged " + ("once" if len(twice) == 1 else "TWICE"), ""
        user_ids = wallets_with_credits(250)
    for figure in latencies("", scale.seconds, spending(url, user_ids, CLIENTS, scale.seconds)):
        yield f"spends, {CLIENTS} clients, {figure.column}", figure.value, figure.unit


def _right():
    report = verification.verify()
    assert report.ok, report.problems[:3]


def _without_the_oldest(url, column, schemas):
    with psycopg.connect(url, autocommit=True) as connection:
        table = next(
            table
            for table in (f"{schema}.ledger_entries" for schema in schemas)
            if connection.execute(f"SELECT FROM {table} LIMIT 1").fetchone() is not None
        )
        detach = f"ALTER TABLE ledger_entries DETACH PARTITION {table}"
        taken = stopwatch(lambda: connection.execute(detach))
    yield Figure("detaching the oldest month", column, 1000 * taken, "ms")
    with app_on(url) as app, app.app_context():
        problems = len(verification.verify().problems)
    yield Figure("wallets that `verify` then calls wrong", column, f"{problems:,}")
