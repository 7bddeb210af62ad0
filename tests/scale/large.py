"""Ten million entries: reading one ledger, working through all of them, and what they weigh."""

import psycopg

from creditsapp.extensions import db
from creditsapp.services import ledger, periods
from creditsapp.services.transaction import now
from tests.bench.measuring import milliseconds, stopwatch
from tests.bench.pages import ZONE, visitor
from tests.bench.proving import command
from tests.bench.spending import app_on, wallets_with_credits
from tests.databases import execute
from tests.scale.figures import Figure, latencies
from tests.scale.loading import LARGEST, sizes
from tests.scale.spends import spending

_WEIGHT = """
SELECT relname, pg_total_relation_size(oid) - pg_indexes_size(oid) FROM pg_class
WHERE oid = 'ledger_entries'::regclass
UNION ALL
SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index
WHERE indrelid = 'ledger_entries'::regclass
ORDER BY 2 DESC
"""
_SUM = "SELECT count(*) FROM (SELECT user_id, sum(amount) FROM ledger_entries GROUP BY 1) AS sums"


def reading(scale):
    """One ledger's pages and sums, as long as the largest and as long as most."""
    counts = sizes(scale.entries)
    usual = min(range(len(counts)), key=lambda place: abs(counts[place] - 1000)) + 1
    with app_on(scale.large) as app:
        for user_id in (LARGEST, usual):
            entries = counts[user_id - 1]
            visit = visitor(app, user_id)
            for what, call in {
                "ledger page, newest": visit("/credits/"),
                "ledger page, in the middle": visit(f"/credits/?before={entries // 2}"),
                "`ledger.history`, newest": _service(app, ledger.history, user_id),
                "`ledger.history`, in the middle": _service(
                    app, ledger.history, user_id, before=entries // 2
                ),
                "`periods.summed`": _service(app, periods.summed, user_id, now(), ZONE),
            }.items():
                taken = milliseconds(call, scale.seconds / 4)
                yield Figure(what, f"{entries:,} entries", taken, "ms")


def _service(app, function, *words, **options):
    def call():
        with app.app_context():
            function(*words, **options)
            db.session.remove()

    return call


def whole(scale):
    """The commands that read every entry, beside the plainest sum over them."""
    with psycopg.connect(scale.large) as connection:
        plain = stopwatch(lambda: connection.execute(_SUM).fetchone())
    yield Figure("sum of each wallet in SQL", "time", plain, "s")
    for words in (("verify",), ("report",), ("export", "-o", "-")):
        seconds, highest = command(scale.folder, scale.large, *words)
        yield Figure(f"`flask credits {words[0]}`", "time", seconds, "s")
        yield Figure(f"`flask credits {words[0]}`", "memory", highest, "MB")


def spend(scale):
    """One client's spends at random from 250 wallets, in a large and in a small ledger."""
    for what, url in (("large", scale.large), ("small", scale.small)):
        with app_on(url) as app, app.app_context():
            user_ids = wallets_with_credits(250)
        execute(url, "CHECKPOINT")
        row = f"{what} ledger"
        yield from latencies(row, scale.seconds, spending(url, user_ids, 1, scale.seconds))


def weight(scale):
    """The table and its indexes, in all and for each entry."""
    with psycopg.connect(scale.large) as connection:
        (entries,) = connection.execute("SELECT count(*) FROM ledger_entries").fetchone()
        for name, size in connection.execute(_WEIGHT):
            yield Figure(f"`{name}`", "size", size / 1e6, "MB")
            yield Figure(f"`{name}`", "for each entry", size / entries, "bytes")
