"""`ledger.spend` and `ledger.spend_many` beside the bare statements on the bare driver."""

import itertools
import secrets
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg

from creditsapp import create_app
from creditsapp.driver import _pyformat
from creditsapp.extensions import db
from creditsapp.services import ledger, posting, wallets
from creditsapp.services.ledger import Usage
from creditsapp.services.transaction import transaction
from tests.bench.measuring import compare, rate
from tests.conftest import settings_for

OPERATION = "THEME_GENERATION"
WALLETS_PER_THREAD = 8
TOGETHER = 20
_user_ids = itertools.count(10_000_001)


def statements(kind):
    """The SQL that posts a usage, as its driver takes it: one on PostgreSQL, two on SQLite.

    The only place that knows where `posting` keeps it.
    """
    if kind == "postgresql":
        return [_pyformat(posting._POSTGRESQL["usage"])]
    return [posting._SQLITE_MOVE["usage"], posting._SQLITE_APPEND]


def one_thread(bench):
    """Spends of one thread, on PostgreSQL."""
    yield _on_postgresql(bench, "ledger.spend, PostgreSQL, 1 thread", 1, aim="≥ 0.75")


def eight_threads(bench):
    """Spends of eight threads, each from wallets of its own, on PostgreSQL."""
    yield _on_postgresql(bench, "ledger.spend, PostgreSQL, 8 threads", 8, aim="≥ 0.65")


def one_hot_wallet(bench):
    """Spends of eight threads from the same wallet, on PostgreSQL."""
    what = "ledger.spend, PostgreSQL, 8 threads, one hot wallet"
    yield _on_postgresql(bench, what, 8, hot=True, aim="≥ 0.75")


def _on_postgresql(bench, what, threads, *, hot=False, aim):
    url = bench.databases.url("postgresql", "spending")
    with app_on(url) as app:
        with app.app_context():
            shares = [
                wallets_with_credits(1 if hot else WALLETS_PER_THREAD) for _ in range(threads)
            ]
        if hot:
            shares = shares[:1] * threads
        return compare(
            what,
            "/s",
            bench.rounds,
            ours=("ledger.spend", lambda: rate([spends(app, s) for s in shares], bench.seconds)),
            reference=(
                "raw psycopg",
                lambda: rate([raw_psycopg(url, s) for s in shares], bench.seconds),
            ),
            aim=aim,
        )


def on_sqlite(bench):
    """Spends of one thread, on SQLite."""
    url = bench.databases.url("sqlite", "spending")
    with app_on(url) as app:
        with app.app_context():
            share = wallets_with_credits(WALLETS_PER_THREAD)
        yield compare(
            "ledger.spend, SQLite, 1 thread",
            "/s",
            bench.rounds,
            ours=("ledger.spend", lambda: rate([spends(app, share)], bench.seconds)),
            reference=("raw sqlite3", lambda: rate([_raw_sqlite(url, share)], bench.seconds)),
            aim="≥ 0.60",
        )


def many_at_once(bench):
    """20 usages in one call beside 20 calls of `ledger.spend`; counted in usages."""
    for kind, name, aim in (("postgresql", "PostgreSQL", "≥ 5"), ("sqlite", "SQLite", "")):
        with app_on(bench.databases.url(kind, "spending")) as app:
            with app.app_context():
                share = wallets_with_credits(WALLETS_PER_THREAD)

            def together(app=app, share=share):
                return TOGETHER * rate([_spends_together(app, share)], bench.seconds)

            def singly(app=app, share=share):
                return rate([spends(app, share)], bench.seconds)

            yield compare(
                f"ledger.spend_many, {name}, {TOGETHER} usages",
                "/s",
                bench.rounds,
                ours=("ledger.spend_many", together),
                reference=("ledger.spend", singly),
                aim=aim,
            )


@contextmanager
def app_on(url, **settings):
    """The app on a database; its connections are closed at the end."""
    app = create_app(settings_for(url, initial_free_credits=0, **settings))
    yield app
    with app.app_context():
        db.engine.dispose()


def wallets_with_credits(count):
    """The user ids of new wallets with more credits than a run can spend."""
    user_ids = list(itertools.islice(_user_ids, count))
    with transaction() as session:
        for user_id in user_ids:
            wallets._open(session, user_id)
    for user_id in user_ids:
        ledger.grant(user_id, 10**9, description="to spend")
    return user_ids


def spends(app, user_ids):
    """Spends as a server's thread does them: nothing of a request outlives it.

    The app context is kept, since making one belongs to Flask and not to a spend.
    """

    @contextmanager
    def worker():
        turns = itertools.cycle(user_ids)

        def call():
            ledger.spend(next(turns), 1, operation=OPERATION)
            db.session.remove()

        with app.app_context():
            yield call

    return worker


def _spends_together(app, user_ids):
    @contextmanager
    def worker():
        turns = itertools.cycle(user_ids)

        def call():
            ledger.spend_many(next(turns), [Usage(1, OPERATION) for _ in range(TOGETHER)])
            db.session.remove()

        with app.app_context():
            yield call

    return worker


def raw_psycopg(url, user_ids, options=""):
    """The statement of a spend on a connection of its own with these options."""
    [sql] = statements("postgresql")

    @contextmanager
    def worker():
        turns = itertools.cycle(user_ids)

        def call():
            if connection.execute(sql, _values(next(turns))).fetchone() is None:
                raise AssertionError("the guard refused")

        with psycopg.connect(url, autocommit=True, options=options) as connection:
            yield call

    return worker


def _raw_sqlite(url, user_ids):
    move, append = statements("sqlite")

    @contextmanager
    def worker():
        turns = itertools.cycle(user_ids)

        def call():
            values = _values(next(turns))
            connection.execute("BEGIN IMMEDIATE")
            values["number"], values["balance_after"] = connection.execute(move, values).fetchone()
            values["created_at"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            connection.execute(append, values)
            connection.execute("COMMIT")

        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")
            yield call

    return worker


def _values(user_id):
    """The parameters of a usage of one credit with a new key."""
    return {
        "user_id": user_id,
        "amount": -10_000,
        "released": 0,
        "added": 0,
        "used": 10_000,
        "type": "usage",
        "key": f"auto:{secrets.token_urlsafe(18)}",
        "operation": OPERATION,
        "description": "",
        "details": "{}",
        "hold_id": None,
        "purchase_id": None,
        "payment_id": None,
        "refunded_number": None,
        "actor": None,
    }
