"""Payments, refunds and disputes: the same end in every order, and nothing twice."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditsapp.extensions import db
from creditsapp.models import Payment, WebhookEvent
from creditsapp.services import ledger, purchases
from creditsapp.services.settlement import floor_share
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
    spend,
)

pytestmark = pytest.mark.usefixtures("context")


def bought(dollars=5):
    user = make_user(0)
    return user, make_purchase(user, dollars)


def balance(user):
    return ledger.balance(user).balance


def test_a_payment_is_credited_once_under_many_deliveries():
    user, purchase = bought()
    answers = [settle(payment_event(purchase), webhook_id=f"msg_{n % 3}") for n in range(20)]
    assert answers == ["credits_added"] + ["already_processed"] * 19
    assert balance(user) == 100
    assert [entry.type for entry in ledger.history(user)[0]] == ["purchase"]
    assert purchases.find(user, purchase.id).status == "paid"


def test_credits_come_from_the_order_and_never_from_the_event():
    user, purchase = bought(1)
    event = payment_event(purchase, metadata={"purchase_id": purchase.id, "credits": "999999"})
    assert settle(event) == "credits_added"
    assert balance(user) == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"total_amount": 600, "tax": 100},  # tax on top
        {"total_amount": 500, "tax": 83},  # tax inside
        {"tax": None},
        {"currency": "EUR", "total_amount": 431, "tax": 70},
        {"checkout_session_id": None},
        {"metadata": {}},
        {"discounts": None},
        {"unknown_field": {"a": [1]}},
    ],
)
def test_a_payment_that_matches_its_order_is_credited(changes):
    user, purchase = bought()
    assert settle(payment_event(purchase, **changes)) == "credits_added"
    assert balance(user) == 100


@pytest.mark.parametrize(
    "changes",
    [
        {"total_amount": 499},
        {"total_amount": 1},
        {"total_amount": 600, "tax": 50},
        {"total_amount": "500"},
        {"total_amount": True},
        {"total_amount": None},
        {"total_amount": -500},
        {"currency": "usd"},
        {"currency": None},
        {"product_cart": None},
        {"product_cart": []},
        {"product_cart": [{"product_id": "pdt_other", "quantity": 5}]},
        {"product_cart": [{"product_id": "pdt_sandbox_credits", "quantity": 1}]},
        {"product_cart": [{"product_id": "pdt_sandbox_credits", "quantity": 5}] * 2},
        {"product_cart": "five"},
        {"discount_id": "dsc_1"},
        {"discounts": [{"discount_id": "dsc_1"}]},
        {"checkout_session_id": "cks_of_nobody"},
        {"status": "succeed"},
        {"status": None},
    ],
)
def test_a_payment_that_does_not_match_waits_for_a_person(changes):
    user, purchase = bought()
    assert settle(payment_event(purchase, **changes)) == "review"
    assert balance(user) == 0


def test_a_payment_for_no_order_of_ours_is_recorded():
    user, purchase = bought()
    event = payment_event(purchase, checkout_session_id="cks_x", metadata={})
    assert settle(event) == "recorded"
    assert balance(user) == 0


def test_a_second_payment_of_an_order_waits_for_a_person():
    user, purchase = bought()
    settle(payment_event(purchase))
    assert settle(payment_event(purchase, payment_id="pay_2")) == "review"
    assert balance(user) == 100
    assert purchases.find(user, purchase.id).status == "paid"


def test_failed_then_succeeded_is_paid_and_late_news_change_nothing():
    user, purchase = bought()
    assert settle(payment_event(purchase, kind="payment.failed")) == "recorded"
    assert purchases.find(user, purchase.id).status == "failed"
    assert settle(payment_event(purchase, payment_id="pay_2")) == "credits_added"
    for late in ("payment.processing", "payment.failed", "payment.cancelled"):
        settle(payment_event(purchase, kind=late, payment_id="pay_2"))
    assert purchases.find(user, purchase.id).status == "paid"
    assert balance(user) == 100


def test_processing_after_failed_leaves_the_order_failed():
    user, purchase = bought()
    settle(payment_event(purchase, kind="payment.failed"))
    settle(payment_event(purchase, kind="payment.processing"))
    assert purchases.find(user, purchase.id).status == "failed"


def test_a_newer_body_under_an_old_id_is_applied_once():
    user, purchase = bought()
    assert settle(payment_event(purchase, kind="payment.processing"), webhook_id="m") == "recorded"
    assert settle(payment_event(purchase), webhook_id="m") == "credits_added"
    assert settle(payment_event(purchase), webhook_id="m") == "already_processed"
    assert balance(user) == 100


def test_a_refund_that_comes_before_its_payment_is_parked_and_then_taken():
    user, purchase = bought()
    assert settle(refund_event(amount=500, partial=False)) == "parked"
    assert settle(payment_event(purchase)) == "credits_added"
    assert balance(user) == 0


def test_a_refund_of_spent_credits_leaves_a_debt_that_is_netted():
    user, purchase = bought()
    settle(payment_event(purchase))
    spend(user, 90)
    settle(refund_event(amount=500, partial=False))
    assert balance(user) == -90
    ledger.grant(user, 100, description="sorry")
    assert balance(user) == 10


def test_partial_refunds_add_up_to_exactly_the_whole():
    user, purchase = bought(1)
    settle(payment_event(purchase))
    for number, cents in enumerate((33, 33, 34)):
        settle(refund_event(f"ref_{number}", amount=cents))
    assert balance(user) == 0


def test_a_won_dispute_restores_and_a_later_refund_takes_its_share():
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(dispute_event("opened"))
    assert balance(user) == 0
    settle(dispute_event("won"))
    assert balance(user) == 100
    settle(refund_event(amount=250))
    assert balance(user) == 50
    settle(dispute_event("opened", dispute_id="dp_2"))
    assert balance(user) == 0


def test_a_refund_and_a_lost_dispute_take_once():
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(refund_event(amount=500, partial=False))
    settle(dispute_event("lost", is_resolved_by_rdr=True))
    assert balance(user) == 0


def test_a_later_stage_that_opens_again_takes_the_credits_again():
    user, purchase = bought()
    settle(payment_event(purchase))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day, status in enumerate(("opened", "won", "opened")):
        settle(dispute_event(status, at=start + timedelta(days=day)))
    assert balance(user) == 0
    settle(dispute_event("won", at=start + timedelta(days=1)))
    assert balance(user) == 0


@pytest.mark.parametrize("status", ["opened", "challenged", "lost", "accepted", "expired"])
def test_money_that_is_gone_or_in_doubt_takes_the_credits(status):
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(dispute_event(status))
    assert balance(user) == 0


@pytest.mark.parametrize("status", ["won", "cancelled"])
def test_money_that_stays_leaves_the_credits(status):
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(dispute_event(status))
    assert balance(user) == 100


def test_a_failed_refund_takes_nothing():
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(refund_event(status="failed"))
    assert balance(user) == 100


def test_a_refund_in_a_currency_that_cannot_be_compared_waits_and_hinders_no_other():
    user, purchase = bought(10)
    settle(payment_event(purchase))
    settle(refund_event("ref_1", amount=300))
    assert settle(refund_event("ref_2", currency="JPY", amount=500)) == "review"
    assert balance(user) == 140
    assert settle(refund_event("ref_3", amount=1000, partial=False)) == "refund_processed"
    assert balance(user) == 0


def entries(user):
    """Type, amount and words of what followed the purchase, oldest first."""
    return [(it.type, it.amount, it.description) for it in reversed(ledger.history(user)[0])][1:]


def test_each_entry_says_why_the_credits_went_or_came_back():
    user, purchase = bought()
    settle(payment_event(purchase))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    settle(dispute_event("opened", at=start))
    settle(dispute_event("won", at=start + timedelta(days=1)))
    settle(refund_event(amount=100))
    settle(refund_event(amount=100, status="failed"))
    assert entries(user) == [
        ("dispute", -100, "Taken back: the payment is disputed"),
        ("dispute", 100, "Restored: the money is no longer disputed"),
        ("refund", -20, "Taken back: the payment was refunded"),
        ("refund", 20, "Restored: the refund did not go through"),
    ]


def test_less_than_a_credit_is_taken_back_in_the_same_words():
    user, purchase = bought()
    settle(payment_event(purchase))
    for name, amount in (("ref_1", 1), ("ref_2", 498)):
        settle(refund_event(name, amount=amount))
    settle(dispute_event("opened"))
    assert entries(user) == [
        ("refund", Decimal("-0.2"), "Taken back: the payment was refunded"),
        ("refund", Decimal("-99.6"), "Taken back: the payment was refunded"),
        ("dispute", Decimal("-0.2"), "Taken back: the payment is disputed"),
    ]


def test_a_whole_refund_that_fails_is_restored_in_its_own_words():
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(refund_event(amount=500, partial=False))
    settle(refund_event(amount=500, partial=False, status="failed"))
    assert entries(user) == [
        ("refund", -100, "Taken back: the payment was refunded"),
        ("refund", 100, "Restored: the refund did not go through"),
    ]


def test_a_lost_dispute_beside_one_that_was_won_takes_the_credits():
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(dispute_event("won", "dp_1"))
    settle(dispute_event("lost", "dp_2"))
    assert entries(user) == [("dispute", -100, "Taken back: the payment is disputed")]


def test_every_settlement_has_its_own_key_and_names_its_payment():
    user, purchase = bought()
    settle(payment_event(purchase))
    for number in (1, 2):
        settle(refund_event(f"ref_{number}", amount=100))
    found = ledger.history(user)[0]
    assert [it.idempotency_key for it in found][:2] == ["settle:pay_1:2", "settle:pay_1:1"]
    assert {(it.purchase_id, it.payment_id) for it in found} == {(purchase.id, "pay_1")}


def test_a_payment_shows_when_it_was_settled():
    _user, purchase = bought()
    settle(payment_event(purchase))
    before = db.session.get_one(Payment, "pay_1").updated_at
    settle(refund_event())
    assert db.session.get_one(Payment, "pay_1", populate_existing=True).updated_at > before


def test_refunds_beyond_what_was_paid_take_no_more_than_was_bought():
    user, purchase = bought()
    settle(payment_event(purchase))
    spend(user, 30)
    for name in ("ref_1", "ref_2"):
        settle(refund_event(name, amount=400))
    assert balance(user) == -30


def test_refunds_of_a_payment_do_not_touch_another():
    user, purchase = bought()
    settle(payment_event(purchase))
    settle(payment_event(make_purchase(user), payment_id="pay_2"))
    settle(refund_event("ref_1", amount=100))
    settle(refund_event("ref_2", payment_id="pay_2", amount=50))
    settle(dispute_event("opened", payment_id="pay_2"))
    settle(refund_event("ref_3", amount=100))
    assert balance(user) == 60


ABROAD = {"currency": "EUR", "total_amount": 400, "tax": 70, "settlement_amount": 500}


@pytest.mark.parametrize(
    ("refund", "left"),
    [
        ({"currency": "EUR", "amount": 100}, 75),
        ({"currency": None, "amount": 100}, 75),
        ({"currency": "USD", "amount": 100}, 80),
        ({"currency": "USD", "amount": 500}, 0),
        ({"currency": "USD", "amount": 0}, 100),
    ],
)
def test_a_refund_is_measured_in_the_currency_it_names(refund, left):
    user, purchase = bought()
    settle(payment_event(purchase, **ABROAD))
    assert settle(refund_event(**refund)) == "refund_processed"
    assert balance(user) == left


@pytest.mark.parametrize(
    ("payment", "refund"),
    [
        (ABROAD, {"currency": "JPY", "amount": 100}),
        (ABROAD, {"amount": None}),
        (ABROAD | {"total_amount": 0}, {"currency": "EUR", "amount": 100}),
        (ABROAD | {"settlement_amount": None}, {"currency": "USD", "amount": 100}),
    ],
)
def test_a_refund_that_cannot_be_compared_waits_for_a_person_and_says_so(payment, refund):
    user, purchase = bought()
    settle(payment_event(purchase, **payment))
    assert settle(refund_event(**refund)) == "review"
    assert balance(user) == 100
    reason = db.session.get_one(Payment, "pay_1").review_reason
    assert reason == "a refund in a currency that cannot be compared"


def test_a_refund_that_can_be_compared_leaves_no_reason_for_a_review():
    _user, purchase = bought()
    settle(payment_event(purchase))
    settle(refund_event())
    assert db.session.get_one(Payment, "pay_1").review_reason is None


def test_what_cannot_be_compared_needs_nobody_once_the_others_reach_the_whole():
    user, purchase = bought()
    settle(payment_event(purchase))
    assert settle(refund_event("ref_1", currency="JPY", amount=5)) == "review"
    assert settle(refund_event("ref_2", amount=499)) == "refund_processed"
    assert db.session.get_one(Payment, "pay_1").waits
    assert settle(refund_event("ref_3", amount=1)) == "refund_processed"
    assert not db.session.get_one(Payment, "pay_1").waits
    assert balance(user) == 0


def test_a_refund_of_a_payment_that_gave_no_credits_needs_nobody():
    user, purchase = bought()
    settle(payment_event(purchase, total_amount=1))
    assert settle(refund_event(currency="JPY")) == "refund_processed"
    assert ledger.history(user) == ([], None)


@pytest.mark.parametrize("order", [("won", "lost"), ("lost", "won"), ("opened", "lost", "won")])
def test_reports_of_one_instant_end_alike_in_every_order(order):
    user, purchase = bought()
    settle(payment_event(purchase))
    for status in order:
        settle(dispute_event(status, at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert balance(user) == 0


def test_a_refund_is_measured_against_the_body_that_was_credited():
    user, order = bought()
    assert settle(payment_event(order, total_amount=1)) == "review"
    assert settle(payment_event(order)) == "credits_added"
    settle(refund_event(amount=100))
    assert balance(user) == 80


@pytest.mark.parametrize("amounts", [(100, 200), (200, 100)])
def test_two_amounts_of_a_refund_at_one_instant_end_alike_in_both_orders(amounts):
    user, order = bought()
    settle(payment_event(order))
    for amount in amounts:
        settle(refund_event(amount=amount) | {"timestamp": "2026-01-01T00:00:00+00:00"})
    assert balance(user) == 60


def test_a_refund_of_a_payment_that_is_not_ours_is_parked():
    _user, purchase = bought()
    settle(payment_event(purchase, checkout_session_id="cks_x", metadata={}))
    assert settle(refund_event()) == "parked"


def test_a_purchase_that_the_wallet_cannot_keep_waits_for_a_person():
    user = make_user(10**12)
    purchase = make_purchase(user, 5)
    assert settle(payment_event(purchase)) == "review"
    assert balance(user) == 10**12


def test_the_success_of_a_newer_body_clears_the_older_ones_error(context):
    user, purchase = bought()
    assert settle({"type": "payment.succeeded", "data": None}, webhook_id="m") == "review"
    assert settle(payment_event(purchase), webhook_id="m") == "credits_added"
    event = db.session.get(WebhookEvent, "m", populate_existing=True)
    assert (event.status, event.last_error, event.payment_id) == ("credits_added", None, "pay_1")


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "payment.succeeded", "data": None},
        {"type": "payment.succeeded", "data": []},
        {"type": "payment.succeeded", "data": {"payment_id": 5, "status": "succeeded"}},
        {"type": "payment.succeeded", "data": {"payment_id": "a\0b", "status": "succeeded"}},
        {"type": "payment.succeeded", "data": {"payment_id": "x" * 300, "status": "succeeded"}},
        {"type": "refund.succeeded", "data": {"refund_id": "r"}, "timestamp": "yesterday"},
        {"type": "refund.succeeded", "data": {"refund_id": "r"}, "timestamp": 5},
        {"type": "dispute.opened", "data": {"dispute_id": {}}, "timestamp": "2026-01-01T00:00:00Z"},
        refund_event() | {"timestamp": "0001-01-01T00:00:00+23:00"},
        dispute_event(dispute_stage="x" * 41),
    ],
)
def test_an_event_that_cannot_be_used_is_kept_for_a_person(broken):
    assert settle(broken) == "review"


def test_an_unknown_type_is_kept_and_ignored():
    assert settle({"type": "payment.completed\0", "data": {"payment_id": "pay_1"}}) == "ignored"


EVENTS = {
    "processing": lambda purchase, at: payment_event(purchase, kind="payment.processing"),
    "succeeded": lambda purchase, at: payment_event(purchase),
    "part A": lambda purchase, at: refund_event("ref_a", amount=100),
    "part B": lambda purchase, at: refund_event("ref_b", amount=133),
    "opened": lambda purchase, at: dispute_event("opened", at=at),
    "won": lambda purchase, at: dispute_event("won", at=at + timedelta(days=1)),
}


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations([*EVENTS, *EVENTS]), dollars=st.sampled_from([3, 7]))
def test_every_order_of_the_same_events_ends_in_the_same_balance(order, dollars):
    user, purchase = bought(dollars)
    payment, start = f"pay_{purchase.id}", datetime(2026, 1, 1, tzinfo=UTC)
    for name in order:
        event = EVENTS[name](purchase, start)
        for id_field in ("refund_id", "dispute_id"):
            if id_field in event["data"]:
                event["data"][id_field] += purchase.id
        event["data"]["payment_id"] = payment
        settle(event)
    taken = floor_share(Decimal(20 * dollars), Fraction(233, 100 * dollars))
    assert balance(user) == 20 * dollars - taken


def test_all_orders_of_a_short_story_end_alike():
    ends = set()
    names = ["succeeded", "part A", "opened", "won"]
    for number, order in enumerate(itertools.permutations(names)):
        user, purchase = bought(3)
        for name in order:
            event = EVENTS[name](purchase, datetime(2026, 1, 1, tzinfo=UTC))
            event["data"]["payment_id"] = f"pay_story_{number}"
            for id_field in ("refund_id", "dispute_id"):
                if id_field in event["data"]:
                    event["data"][id_field] += str(number)
            settle(event)
        ends.add(balance(user))
    assert ends == {Decimal(40)}
