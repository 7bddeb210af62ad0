"""Signed bodies of every kind of damage: kept or refused, and never worth credits by mistake."""

import os
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, WebhookEvent
from creditsapp.services import ledger, purchases, verification
from tests.builders import (
    deliver,
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
)
from tests.fuzz import shapes
from tests.fuzz.damage import damaged, written
from tests.fuzz.oracle import event_in, names, pays

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 25))


ORDER = SimpleNamespace(id="ORDER", checkout_session_id="cks_ORDER", dollars=5)
KNOWN = ["pay_ORDER", "ORDER", "cks_ORDER", "STRANGER", "cks_STRANGER"]


@st.composite
def bodies(draw):
    """The bytes of an event about ORDER, filled as Dodo fills it, then damaged."""
    kind = draw(st.sampled_from(["payment"] * 4 + ["refund", "dispute", "any"]))
    if kind == "payment":
        body = payment_event(ORDER, payment_id="pay_ORDER")
    elif kind == "refund":
        amount, partial = draw(st.integers(0, 100 * ORDER.dollars)), draw(st.booleans())
        body = refund_event("ref_ORDER", payment_id="pay_ORDER", amount=amount, partial=partial)
    elif kind == "dispute":
        status = draw(st.sampled_from(["opened", "won", "lost", "cancelled"]))
        body = dispute_event(status, "dp_ORDER", payment_id="pay_ORDER")
    else:
        kind = draw(st.sampled_from(["payment", "refund", "dispute"]))
        body = payment_event(ORDER) | {"type": draw(st.sampled_from(shapes.TYPES)), "data": {}}
    if draw(st.booleans()) or not body["data"]:
        body["data"] = draw(shapes.data[kind]) | body["data"]
    body["timestamp"] = "2026-01-01T00:00:00.123456+00:00"
    return draw(written(draw(damaged(body, KNOWN))))


def new_order(dollars):
    """What a test has to know of an order, by plain values."""
    purchase = make_purchase(make_user(0), dollars)
    return SimpleNamespace(
        id=purchase.id,
        user_id=purchase.user_id,
        dollars=dollars,
        session=purchase.checkout_session_id,
        checkout_session_id=purchase.checkout_session_id,
        credits=Decimal(20 * dollars),
    )


@pytest.mark.timeout(3600)
@settings(
    max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)
@given(several=st.lists(bodies(), min_size=1, max_size=3), paid_before=st.booleans())
def test_no_body_breaks_anything_or_makes_credits(app, several, paid_before):
    with app.app_context():
        order, stranger = new_order(ORDER.dollars), new_order(7)
    right, client = payment_event(order, payment_id=f"pay_{order.id}"), app.test_client()
    if paid_before:
        assert deliver(client, right).json["status"] == "credits_added"
    bound_to_stranger = False
    for template in several:
        raw = template.replace(b"ORDER", order.id.encode())
        raw = raw.replace(b"STRANGER", stranger.id.encode())
        before = given_for(app, order), given_for(app, stranger)
        body = event_in(raw)
        receive(app, client, raw, body)
        after = given_for(app, order), given_for(app, stranger)
        for here, was, now in zip((order, stranger), before, after, strict=True):
            assert was == now or (body is not None and pays(body, here) and was == 0)
            event("credited" if was != now else "not credited")
        bound_to_stranger |= body is not None and bool(about(stranger) & set(map(str, names(body))))
    answer = deliver(client, right).json["status"]
    with app.app_context():
        assert verification.verify().problems == []
        status = purchases.find(order.user_id, order.id).status
        assert status == "paid" or bound_to_stranger, answer
        assert 0 <= ledger.balance(order.user_id).balance <= order.credits


def about(order):
    return {order.id, order.session}


def receive(app, client, raw, body):
    """Deliver bytes; an event is kept as it came, anything else is refused."""
    webhook_id = f"fuzz_{os.urandom(8).hex()}"
    answer = deliver(client, raw, webhook_id=webhook_id)
    if body is None:
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_payload")
        return
    assert answer.status_code == 200, answer.text
    assert answer.json.keys() == {"received", "status"}
    event(answer.json["status"])
    with app.app_context():
        assert db.session.get_one(WebhookEvent, webhook_id).payload == raw


def given_for(app, order):
    """The credits that were granted for an order, whatever was taken back."""
    with app.app_context():
        amounts = db.session.scalars(
            db.select(LedgerEntry.amount).where(
                LedgerEntry.user_id == order.user_id, LedgerEntry.type == "purchase"
            )
        ).all()
    assert amounts in ([], [order.credits])
    return sum(amounts)
