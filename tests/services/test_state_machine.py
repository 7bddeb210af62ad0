"""Every act of the engine, in any order, against a plain model in Python."""

import os
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from creditsapp.extensions import db
from creditsapp.models import Hold, Mail
from creditsapp.services import alerts, expiry, holds, ledger, verification
from creditsapp.services.errors import (
    CaptureTooLarge,
    HoldClosed,
    InsufficientCredits,
    RefundTooLarge,
)
from tests.builders import make_user
from tests.databases import contents

amounts = st.integers(1, 300_000).map(lambda units: Decimal(units) / 10_000)
signs = st.sampled_from([1, -1])
choices = st.integers(0, 10**6)


class Engine(RuleBasedStateMachine):
    """The model: a balance, open holds, usages and what was given back for them, and all calls.

    And what is told by mail: a usage that falls below the line, a correction that makes a debt.
    """

    url = ""

    def __init__(self):
        super().__init__()
        self.user = make_user(50)
        self.balance = Decimal(50)
        self.entries = 1
        self.open, self.closed = {}, []
        self.usages, self.calls = [], []
        self.below, self.told = None, []

    @property
    def available(self):
        return self.balance - sum(self.open.values())

    def refused(self, error, act):
        """A refusal of this kind that leaves every table as it was."""
        db.session.remove()
        before = contents(self.url)
        with pytest.raises(error):
            act()
        db.session.remove()
        assert contents(self.url) == before

    def posted(self, call, change):
        entry = call()
        before, self.balance = self.balance, self.balance + change
        if entry.type == "usage" and self.below and self.balance < self.below <= before:
            self.told.append(("low_balance", self.entries + 1))
        if entry.type == "adjustment" and self.balance < 0 <= before:
            self.told.append(("debt", self.entries + 1))
        self.entries += 1
        assert (entry.number, entry.amount) == (self.entries, change)
        assert entry.balance_after == self.balance
        self.calls.append((call, entry.number))
        return entry

    @rule(below=st.integers(0, 60))
    def tell_below(self, below):
        alerts.tell_below(self.user, below)
        self.below = Decimal(below) or None

    @rule(amount=amounts)
    def grant(self, amount):
        key = f"grant-{len(self.calls)}"
        self.posted(lambda: ledger.grant(self.user, amount, description="g", key=key), amount)

    @rule(amount=amounts, sign=signs)
    def adjust(self, amount, sign):
        key = f"adjust-{len(self.calls)}"
        change = amount * sign
        self.posted(lambda: ledger.adjust(self.user, change, description="a", key=key), change)

    @rule(amount=amounts)
    def spend(self, amount):
        key = f"spend-{len(self.calls)}"

        def call():
            return ledger.spend(self.user, amount, operation="test", key=key)

        if amount > self.available:
            self.refused(InsufficientCredits, call)
        else:
            self.usages.append([self.posted(call, -amount), amount])

    @rule(amount=amounts)
    def hold(self, amount):
        def call():
            return holds.hold(self.user, amount, operation="test")

        if amount > self.available:
            self.refused(InsufficientCredits, call)
        else:
            self.open[call().id] = amount

    @precondition(lambda self: self.open)
    @rule(choice=choices, share=st.integers(1, 12))
    def capture(self, choice, share):
        hold_id = list(self.open)[choice % len(self.open)]
        amount = (self.open[hold_id] * share / 10).quantize(Decimal("0.0001"))

        def call():
            return holds.capture(self.user, hold_id, amount, key=f"capture-{hold_id}")

        if amount <= 0:
            return
        if amount > self.open[hold_id]:
            self.refused(CaptureTooLarge, call)
        elif amount > self.balance:
            self.refused(InsufficientCredits, call)
        else:
            self.usages.append([self.posted(call, -amount), amount])
            del self.open[hold_id]
            self.closed.append(hold_id)

    @precondition(lambda self: self.open)
    @rule(choice=choices)
    def release(self, choice):
        hold_id = list(self.open)[choice % len(self.open)]
        holds.release(self.user, hold_id)
        del self.open[hold_id]
        self.closed.append(hold_id)

    @precondition(lambda self: self.open)
    @rule(choice=choices, sweep=st.booleans())
    def expire(self, choice, sweep):
        """Time runs out: the hold stops counting at once, whether anybody sweeps or not."""
        hold_id = list(self.open)[choice % len(self.open)]
        db.session.get_one(Hold, hold_id).expires_at = Hold.created_at
        db.session.commit()
        del self.open[hold_id]
        assert ledger.balance(self.user).available == self.available
        assert not sweep or expiry.release_expired() >= 1
        expiry.release_expired()
        self.closed.append(hold_id)

    @precondition(lambda self: self.closed)
    @rule(choice=choices)
    def touch_a_closed_hold(self, choice):
        hold_id = self.closed[choice % len(self.closed)]
        self.refused(HoldClosed, lambda: holds.capture(self.user, hold_id))
        self.refused(HoldClosed, lambda: holds.release(self.user, hold_id))

    @precondition(lambda self: self.usages)
    @rule(choice=choices, amount=amounts)
    def refund_usage(self, choice, amount):
        usage = self.usages[choice % len(self.usages)]
        key = f"refund-{len(self.calls)}"

        def call():
            return ledger.refund_usage(usage[0], amount, key=key)

        if amount > usage[1]:
            self.refused(RefundTooLarge, call)
        else:
            self.posted(call, amount)
            usage[1] -= amount

    @precondition(lambda self: self.calls)
    @rule(choice=choices)
    def replay(self, choice):
        """Any earlier call again gives the entry that stands and changes nothing."""
        call, number = self.calls[choice % len(self.calls)]
        db.session.remove()
        before = contents(self.url)
        assert call().number == number
        db.session.remove()
        assert contents(self.url) == before

    @invariant()
    def agrees_with_the_model(self):
        found = ledger.balance(self.user)
        assert (found.balance, found.available) == (self.balance, self.available)
        assert found.version == self.entries
        mine = db.session.scalars(select(Mail).filter_by(user_id=self.user).order_by(Mail.id))
        assert [(mail.kind, mail.details["number"]) for mail in mine] == self.told
        db.session.remove()

    def teardown(self):
        assert verification.verify().problems == []


def test_the_engine_agrees_with_the_model(context, database_url):
    engine = type("EngineHere", (Engine,), {"url": database_url})
    run_state_machine_as_test(
        engine,
        settings=settings(
            max_examples=int(os.environ.get("STATE_MACHINE_EXAMPLES", 15)),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
