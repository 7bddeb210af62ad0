"""Whatever happens to a payment, in whatever order: at each step, the balance of the formula."""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from creditsapp.extensions import db
from creditsapp.models import Payment
from creditsapp.services import ledger, purchases, verification
from creditsapp.services.errors import InsufficientCredits
from tests.builders import make_user, settle, spend
from tests.databases import contents
from tests.formula import granted_and_taken
from tests.services.stories import stories

EXAMPLES = int(os.environ.get("ORDERS_EXAMPLES", 20))


def play(story, order):
    """Let everything happen, compare each step with the formula, and return the events."""
    events = story.of(order.id)
    seen, spent = [], 0
    for act in story.acts:
        if isinstance(act, int):
            deliver(story, events, act, order)
            seen.append(events[act])
        elif try_to_spend(order.user_id, act):
            spent += act
        granted, taken = granted_and_taken(order.credits, seen)
        assert ledger.balance(order.user_id).balance == granted - taken - spent, seen
        payment = db.session.get(Payment, f"pay_{order.id}", populate_existing=True)
        kept = (payment.credited, payment.reversed_credits) if payment else (0, 0)
        assert kept == (granted, taken), seen
    return events


def deliver(story, events, number, order):
    settle(events[number], webhook_id=f"msg_{story.webhook_ids[number]}_{order.id}")


def try_to_spend(user_id, amount):
    before = ledger.balance(user_id).available
    try:
        spend(user_id, amount)
    except InsufficientCredits:
        assert amount > before
        return False
    assert amount <= before
    return True


def effects(url, order):
    """All rows but the inbox's, and until it is paid but those that tell when it was heard of."""
    paid = purchases.find(order.user_id, order.id).status == "paid"
    db.session.remove()
    found = contents(url)
    for table in ("webhook_events",) if paid else ("webhook_events", "payments", "purchases"):
        del found[table]
    return found


@pytest.mark.timeout(3600)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(story=stories())
def test_after_each_act_of_any_story_the_balance_is_that_of_the_formula(
    context, database_url, story
):
    order, _new = purchases.start(make_user(0), story.dollars, story.rate * story.dollars)
    purchases.opened(order.id, f"cks_{order.id}", "http://127.0.0.1:9/session/x")
    order = purchases.find(order.user_id, order.id)
    db.session.expunge_all()
    events = play(story, order)
    assert verification.verify().problems == []
    before = effects(database_url, order)
    for number in range(len(events)):
        deliver(story, events, number, order)
    assert effects(database_url, order) == before
