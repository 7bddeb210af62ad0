"""Payments, refunds and people that meet in an awkward order."""

from itertools import permutations

import pytest

from creditsapp.extensions import db
from creditsapp.models import WebhookEvent
from creditsapp.services import events, purchases, webhooks
from creditsapp.services.payments import Terms
from tests.builders import make_purchase, make_user, payment_event, refund_event, settle
from tests.test_reviews import balance, listed, waiting


@pytest.fixture
def order(context):
    return make_purchase(make_user(0, email="a@example.com"))


def stray(order):
    return payment_event(order, checkout_session_id=None, metadata={})


def status(order):
    return purchases.find(order.user_id, order.id).status


@pytest.mark.parametrize("late", ["payment.processing", "payment.failed", "payment.cancelled"])
def test_only_a_report_of_success_is_ever_credited(order, late):
    assert settle(payment_event(order, total_amount=1, discount_id="dsc_1")) == "review"
    assert settle(payment_event(order, kind=late)) == "recorded"
    assert (balance(order.user_id), status(order)) == (0, "review")


def test_an_order_that_only_a_late_report_names_waits_for_a_person(flask, order):
    settle(stray(order))
    assert settle(payment_event(order, kind="payment.processing")) == "review"
    assert waiting(flask)[0]["reason"].startswith("only a report that is not of its success")
    assert balance(order.user_id) == 0


def test_a_dismissed_payment_that_names_an_order_waits_again(flask, order):
    settle(stray(order))
    flask("credits", "reject", "pay_1", "--reason", "not ours")
    assert settle(payment_event(order)) == "review"
    assert len(waiting(flask)) == 1
    assert flask("credits", "approve", "pay_1", "--reason", "ours after all").exit_code == 0
    assert (balance(order.user_id), status(order)) == (100, "paid")


def test_a_failed_webhook_whose_payment_came_otherwise_is_done_by_its_retry(
    flask, order, monkeypatch
):
    body = payment_event(order)
    with monkeypatch.context() as broken:
        broken.setattr(webhooks, "_apply", lambda *_facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            settle(body, "msg_1")
    events.learn_payment("pay_1", body["data"], Terms("pdt_sandbox_credits"))
    assert settle(body, "msg_1") == "already_processed"
    kept = db.session.get(WebhookEvent, "msg_1", populate_existing=True)
    assert (kept.status, kept.next_attempt_at) == ("already_processed", None)
    assert flask("webhooks", "replay", "--failed").exit_code == 0


REPORTS = [
    refund_event(amount=300, status="pending") | {"timestamp": "2026-01-01T00:00:00Z"},
    refund_event(amount=100) | {"timestamp": "2026-01-02T00:00:00Z"},
    refund_event(amount=None) | {"timestamp": "2026-01-03T00:00:00Z"},
]


@pytest.mark.parametrize("reports", list(permutations(REPORTS)))
def test_the_newest_amount_that_was_said_counts_in_every_order(order, reports):
    settle(payment_event(order))
    for report in reports:
        settle(report)
    assert balance(order.user_id) == 80


@pytest.mark.parametrize("sequence", list(permutations(["wrong", "right", "refund"])))
def test_a_wrong_payment_that_goes_back_hinders_no_right_one(order, sequence):
    acts = {
        "wrong": payment_event(order, total_amount=499),
        "right": payment_event(order, payment_id="pay_2"),
        "refund": refund_event(amount=499, partial=False),
    }
    for name in sequence:
        settle(acts[name])
    assert (balance(order.user_id), status(order)) == (100, "paid")


def test_an_answer_says_how_it_stands(flask, order):
    settle(refund_event(amount=499, partial=False))
    assert settle(payment_event(order, total_amount=499)) == "already_processed"
    assert waiting(flask) == []


def test_a_webhook_in_review_is_done_once_its_payment_is(order):
    settle(payment_event(order, total_amount=1), "msg_1")
    settle(payment_event(order), "msg_2")
    kept = db.session.get(WebhookEvent, "msg_1", populate_existing=True)
    assert kept.status == "credits_added"


@pytest.mark.parametrize("dollars", ["9" * 60, "3000000000", "0"])
def test_more_dollars_than_there_are_is_wrong_usage(flask, order, dollars):
    settle(stray(order))
    words = ("credits", "attach", "pay_1", "a@example.com", "--dollars", dollars)
    assert flask(*words, "--reason", "x").exit_code == 2


def test_a_payment_of_no_order_is_dismissed_once_and_not_attached_once_it_went_back(flask, order):
    settle(stray(order))
    settle(refund_event(amount=500, partial=False))
    for words in (("reject", "pay_1"), ("attach", "pay_1", order.id)):
        assert flask("credits", *words, "--reason", "x").exit_code == 1
    assert settle(payment_event(order, payment_id="pay_2")) == "credits_added"
    assert listed(flask, "--status", "recorded") == []
