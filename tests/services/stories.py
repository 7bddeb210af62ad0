"""Stories of one payment, made up by hypothesis: its order, its events, and what happens when."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import strategies as st

from tests.builders import dispute_event, payment_event, refund_event

START = datetime(2026, 1, 1, tzinfo=UTC)
RATES = [Decimal(20), Decimal("33.3333"), Decimal("0.0003"), Decimal(1)]
STAGES = ["pre_dispute", "dispute", "pre_arbitration"]
OPEN = ["opened", "challenged"]
DECIDED = ["won", "lost", "accepted", "expired", "cancelled"]
PAYMENTS = [
    ("payment.processing", "processing"),
    ("payment.processing", "succeeded"),  # late, with what the payment has come to meanwhile
    ("payment.failed", "failed"),
    ("payment.succeeded", "succeeded"),
]

spends = st.integers(1, 200_000).map(lambda units: Decimal(units) / 10_000)


@dataclass
class Story:
    """Each act is the number of an event, or an amount to spend; ids may stand for two events."""

    dollars: int
    rate: Decimal
    events: list
    webhook_ids: list
    acts: list

    def of(self, order_id):
        """The events, now that the order is known."""
        return json.loads(json.dumps(self.events).replace("ORDER", order_id))


@st.composite
def stories(draw):
    dollars = draw(st.sampled_from([1, 3, 7, 500]))
    money = draw(amounts(dollars))
    events = draw(payments(dollars, money))
    for number in range(draw(st.integers(0, 3))):
        events += draw(refunds(f"ref_{number}_ORDER", money))
    for number in range(draw(st.integers(0, 2))):
        events += draw(disputes(f"dp_{number}_ORDER"))
    own = range(len(events))
    ids = [draw(st.sampled_from([n, n, n, max(0, n - 1)])) for n in own]
    again = draw(st.lists(st.sampled_from(own), max_size=4))
    acts = draw(st.permutations([*own, *again, *draw(st.lists(spends, max_size=4))]))
    return Story(dollars, draw(st.sampled_from(RATES)), events, ids, acts)


@st.composite
def amounts(draw, dollars):
    """What was paid: with tax on top, and in another currency at any rate."""
    tax = draw(st.sampled_from([0, 1, 57, 133]))
    settled = 100 * dollars + tax
    paid = {"currency": "USD", "total_amount": settled}
    if draw(st.booleans()):
        paid = {"currency": "EUR", "total_amount": draw(st.integers(1, 90_000))}
    return paid | {"tax": tax, "settlement_currency": "USD", "settlement_amount": settled}


@st.composite
def payments(draw, dollars, money):
    order = SimpleNamespace(id="ORDER", checkout_session_id="cks_ORDER", dollars=dollars)
    found = draw(st.permutations(PAYMENTS))[: draw(st.integers(1, 4))]
    return [
        payment_event(order, kind=kind, status=status, payment_id="pay_ORDER", **money)
        for kind, status in found
    ]


@st.composite
def refunds(draw, refund_id, money):
    """The reports about one refund, whose amount may be corrected."""
    reports = []
    for day, status in draw(courses(["pending"], ["succeeded", "failed"])):
        currency = draw(st.sampled_from(["USD", money["currency"]]))
        paid = money["total_amount" if currency == money["currency"] else "settlement_amount"]
        amount = draw(st.one_of(st.integers(0, paid), st.integers(paid // 2, 2 * paid)))
        event = refund_event(
            refund_id, payment_id="pay_ORDER", amount=amount, currency=currency, status=status
        )
        reports.append(event | {"timestamp": (START + timedelta(days=day)).isoformat()})
    return reports


@st.composite
def disputes(draw, dispute_id):
    """The reports about one dispute, which may open again in a later stage."""
    return [
        dispute_event(
            status,
            dispute_id,
            payment_id="pay_ORDER",
            at=START + timedelta(days=day),
            dispute_stage=draw(st.sampled_from(STAGES)),
        )
        for day, status in draw(courses(OPEN, DECIDED))
    ]


def courses(open_ones, decided_ones):
    """States by day; a day may have an open and a decided one, of which the decided one counts."""
    alone = st.sampled_from([*open_ones, *decided_ones]).map(lambda status: [status])
    both = st.tuples(st.sampled_from(open_ones), st.sampled_from(decided_ones)).map(list)
    days = st.lists(st.one_of(alone, alone, both), min_size=1, max_size=3)
    return days.map(lambda found: [(day, status) for day, it in enumerate(found) for status in it])
