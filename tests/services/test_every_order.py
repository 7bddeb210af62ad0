"""All orders of the events of one payment: at each step, the balance that the formula says."""

import math
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event as listening

from creditsapp.extensions import db
from creditsapp.services import purchases, verification
from tests.builders import dispute_event, make_user, payment_event, refund_event, settle
from tests.databases import contents, on_sqlite
from tests.formula import granted_and_taken

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)
ALL = ["processing", "succeeded", "part A", "part B", "the rest", "opened", "won", "lost"]
LONG = "ORDERS_EXAMPLES" in os.environ


def story(order, tax=0, newest="lost"):
    """The events of one payment by their names; refunds that no number of credits divides by."""
    total = 100 * order.dollars + tax
    parts = {"part A": total // 3, "part B": 1 + total // 7}
    parts["the rest"] = total - sum(parts.values())
    days = {"opened": 0, "won": 1, "lost": 2} | {newest: 3}
    money = {"total_amount": total, "tax": tax, "settlement_amount": total}
    events = {
        "processing": payment_event(order, kind="payment.processing", **money | {"tax": None}),
        "succeeded": payment_event(order, **money),
    }
    events |= {name: refund_event(f"ref {name}", amount=parts[name]) for name in parts}
    for status, day in days.items():
        events[status] = dispute_event(status, at=DAY_ONE + timedelta(days=day))
    return events


class Orders:
    """A walk through all orders as through a tree: each branch finds the database as it was."""

    def __init__(self, url, order, events):
        self.url, self.order, self.events = url, order, events
        self.database = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)
        self.database.execute("PRAGMA synchronous=OFF")
        self.steps = self.ends = 0

    def walk(self, left, seen=()):
        """Deliver each of what is left and go on from there; at an end, deliver all once more."""
        if not left:
            self.end(seen)
            return
        with closing(sqlite3.connect(":memory:")) as before:
            self.database.backup(before)
            for number, name in enumerate(sorted(set(left))):
                if number:
                    db.session.remove()
                    before.backup(self.database)
                self.deliver(name, len(seen))
                self.check((*seen, name))
                rest = list(left)
                rest.remove(name)
                self.walk(rest, (*seen, name))

    def deliver(self, name, number):
        self.steps += 1
        settle(self.events[name], webhook_id=f"msg_{number}")

    def check(self, seen):
        events = [self.events[name] for name in seen]
        granted, taken = granted_and_taken(self.order.credits, events)
        query = "SELECT balance, credited, reversed_credits FROM wallets, payments"
        found = self.database.execute(query).fetchall()
        assert found == [tuple(10_000 * it for it in (granted - taken, granted, taken))], seen

    def end(self, seen):
        self.ends += 1
        if self.ends % 4 == 1:
            assert verification.verify().problems == [], seen
        if self.ends % 20 == 1:
            before = self.effects()
            for number, name in enumerate(seen):
                self.deliver(name, number)
                self.deliver(name, f"again_{number}")
            assert self.effects() == before, seen

    def effects(self):
        """All rows but the inbox's, which counts attempts and keeps what came under other ids."""
        db.session.remove()
        found = contents(self.url)
        del found["webhook_events"]
        return found


@pytest.fixture
def quick(context):
    """A SQLite that does not wait for its disk: nobody pulls the plug here."""

    def hasten(connection, _record):
        connection.execute("PRAGMA synchronous=OFF")

    db.engine.dispose()
    listening.listen(db.engine, "connect", hasten)


SIX = ["processing", "succeeded", "part A", "part B", "opened", "won"]
ENDING = ["succeeded", "part A", "the rest", "opened", "won", "lost"]
TWICE = ["succeeded", "part A", "part A", "opened", "opened"]
SETS = [
    (3, "20", 57, "won", SIX[1:]),
    (7, "33.3333", 0, "lost", [name for name in ENDING if name != "part A"]),
    (1, "0.0007", 9, "won", [*TWICE, "won"]),
]
if LONG:
    SETS += [
        (3, "20", 57, "won", SIX),
        (7, "33.3333", 0, "lost", ENDING),
        (1, "0.0007", 9, "won", ["succeeded", *TWICE]),
        (500, "20", 9_137, "won", ENDING),
        (1, "20", 0, "lost", [name for name in ALL if name != "processing"]),
        (7, "0.3333", 133, "won", [name for name in ALL if name != "processing"]),
        (3, "20", 57, "won", ALL),
    ]


@on_sqlite
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("dollars", "rate", "tax", "newest", "names"), SETS)
def test_after_each_event_of_every_order_the_balance_is_that_of_the_formula(
    quick, database_url, dollars, rate, tax, newest, names
):
    order, _new = purchases.start(make_user(0), dollars, Decimal(rate) * dollars)
    purchases.opened(order.id, f"cks_{order.id}", "http://127.0.0.1:9/session/x")
    order = purchases.find(order.user_id, order.id)
    db.session.expunge_all()
    orders = Orders(database_url, order, story(order, tax, newest))
    with closing(orders.database):
        orders.walk(names)
    repeats = math.prod(math.factorial(names.count(name)) for name in set(names))
    assert orders.ends == math.factorial(len(names)) // repeats
