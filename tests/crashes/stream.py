"""An endless stream of random acts on one wallet, and what each must answer, by a plain model.

The same seed gives the same stream, so a process that takes over knows what the one before it did.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from unittest import mock

from sqlalchemy import select

from creditsapp.extensions import db
from creditsapp.models import Hold
from creditsapp.services import holds, ledger, purchases
from creditsapp.services.errors import HoldClosed
from tests.builders import payment_event, refund_event, settle
from tests.crashes.acts import told

REFUSED = "InsufficientCredits"


@dataclass
class Model:
    """A wallet in plain Python: its entries as they are told, its open holds by key, its usages."""

    balance: Decimal = Decimal(0)
    entries: list = field(default_factory=list)
    open: dict = field(default_factory=dict)
    usages: dict = field(default_factory=dict)
    payments: dict = field(default_factory=dict)

    @property
    def available(self):
        return self.balance - sum(self.open.values())

    def post(self, kind, amount):
        self.balance += amount
        self.entries.append((len(self.entries) + 1, kind, amount, self.balance))
        if kind == "usage":
            self.usages[len(self.entries)] = -amount
        return self.entries[-1]


class Stream:
    """Acts to be done in order: each method of ACTS gives a call, and moves the model to its end.

    Every call may be repeated until it answers what it must.
    """

    def __init__(self, seed, user):
        self.chance = random.Random(f"{seed}/{user}")
        self.user, self.model, self.number = user, Model(), 0
        self.before = []

    def next(self):
        """The next act and its answer."""
        self.number += 1
        acts = ACTS if self.model.balance < 500 else SPENDING
        return self.chance.choice(acts)(self, f"{self.user}-{self.number}")

    def amount(self, highest=60_000):
        return Decimal(self.chance.randint(1, highest)) / 10_000

    def grant(self, key):
        amount = self.amount(200_000)
        return self.keyed(
            lambda: told(ledger.grant(self.user, amount, description="g", key=key)),
            self.model.post("bonus", amount),
        )

    def adjust(self, key):
        amount = self.amount() * self.chance.choice((1, -1))
        return self.keyed(
            lambda: told(ledger.adjust(self.user, amount, description="a", key=key, actor="ada")),
            self.model.post("adjustment", amount),
        )

    def spend(self, key):
        amount = self.amount()

        def call():
            return told(ledger.spend(self.user, amount, operation="test", key=key))

        if amount > self.model.available:
            return call, REFUSED
        return self.keyed(call, self.model.post("usage", -amount))

    def spend_many(self, key):
        amounts = [self.amount(20_000) for _ in range(3)]
        usages = [ledger.Usage(a, "test", key=f"{key}-{n}") for n, a in enumerate(amounts)]

        def call():
            return [told(entry) for entry in ledger.spend_many(self.user, usages)]

        if sum(amounts) > self.model.available:
            return call, REFUSED
        return self.keyed(call, [self.model.post("usage", -amount) for amount in amounts])

    def refund_usage(self, key):
        if not self.model.usages:
            return self.grant(key)
        number = self.chance.choice(list(self.model.usages))
        left = self.model.usages[number]
        amount = min(left, self.amount())
        self.model.usages[number] -= amount
        if amount == left:
            del self.model.usages[number]

        def call():
            return told(ledger.refund_usage(ledger.entry(self.user, number), amount, key=key))

        return self.keyed(call, self.model.post("refund", amount))

    def hold(self, key):
        amount = self.amount()

        def call():
            return holds.hold(self.user, amount, operation="test", key=key).idempotency_key

        if amount > self.model.available:
            return call, REFUSED
        self.model.open[key] = amount
        return call, f"key:{key}"

    def hold_and_forget(self, key):
        call, answer = self.hold(key)
        self.model.open.pop(key, None)

        def call_and_forget():
            with mock.patch.object(holds, "timedelta", lambda seconds: timedelta(0)):
                return call()

        return call_and_forget, answer

    def capture(self, key):
        if not self.model.open:
            return self.hold(key)
        held = self.chance.choice(list(self.model.open))
        most = self.model.open[held]
        amount = min(most, self.amount())

        def call():
            return told(holds.capture(self.user, self.hold_id(held), amount, key=key))

        if amount > self.model.balance:
            return call, REFUSED
        del self.model.open[held]
        return self.keyed(call, self.model.post("usage", -amount))

    def release(self, key):
        if not self.model.open:
            return self.hold(key)
        held = self.chance.choice(list(self.model.open))
        del self.model.open[held]

        def call():
            try:
                holds.release(self.user, self.hold_id(held))
            except HoldClosed:
                pass
            return "closed"

        return call, "closed"

    def buy(self, key):
        self.model.payments[key] = 4

        def call():
            order, _new = purchases.start(self.user, 1, Decimal(20), key=key)
            purchases.opened(order.id, f"cks_{key}", "http://127.0.0.1:9/session/x")
            order = purchases.find(self.user, order.id)
            settle(payment_event(order, payment_id=f"pay_{key}"), webhook_id=f"msg_{key}")
            return self.balance()

        self.model.post("purchase", Decimal(20))
        return call, self.model.balance

    def take_back(self, key):
        """A refund of a quarter of a payment."""
        if not self.model.payments:
            return self.buy(key)
        paid = self.chance.choice(list(self.model.payments))
        self.model.payments[paid] -= 1
        if not self.model.payments[paid]:
            del self.model.payments[paid]

        def call():
            event = refund_event(f"ref_{key}", payment_id=f"pay_{paid}", amount=25)
            settle(event, webhook_id=f"msg_{key}")
            return self.balance()

        self.model.post("refund", Decimal(-5))
        return call, self.model.balance

    def again(self, key):
        """An earlier act with its key, which changes nothing."""
        return self.chance.choice(self.before) if self.before else self.grant(key)

    def keyed(self, call, answer):
        self.before = [*self.before[-50:], (call, answer)]
        return call, answer

    def balance(self):
        db.session.rollback()
        return ledger.balance(self.user).balance

    def hold_id(self, key):
        query = select(Hold.id).where(
            Hold.user_id == self.user, Hold.idempotency_key == f"key:{key}"
        )
        return db.session.scalars(query.order_by(Hold.created_at.desc())).first()


SPENDING = (
    Stream.spend,
    Stream.spend_many,
    Stream.hold,
    Stream.hold_and_forget,
    Stream.capture,
    Stream.release,
    Stream.again,
)
ACTS = (
    *SPENDING,
    Stream.spend,
    Stream.capture,
    Stream.grant,
    Stream.adjust,
    Stream.refund_usage,
    Stream.buy,
    Stream.take_back,
)
