"""What a receipt tells: each payment, refund and dispute, and what became of the credits."""

from decimal import Decimal

import pytest

from creditsapp.extensions import db
from creditsapp.models import Purchase
from creditsapp.services import reviews
from creditsapp.services.audit import Decision
from tests.builders import (
    deliver,
    dispute_event,
    payment_event,
    refund_event,
)
from tests.views.seen import visible


@pytest.fixture
def receipt(ada, order):
    """The words of the receipt after some events."""

    def read(*events):
        for event in events:
            assert deliver(ada, event).status_code == 200
        return visible(ada.get(f"/credits/purchases/{order.id}").text)

    return read


def test_tax_on_top_adds_up(order, receipt):
    words = receipt(payment_event(order, total_amount=595, tax=95))
    assert "100 credits $5.00 Tax $0.95 Total paid $5.95" in words
    assert "Buyer ada@example.com" in words and f"Order number {order.id}" in words


def test_tax_inside_is_no_line_of_the_sum(order, receipt):
    words = receipt(payment_event(order, total_amount=500, tax=80))
    assert "100 credits $5.00 Total paid $5.00 Tax included in it $0.80" in words


def test_another_currency_is_told_as_it_was_paid(order, receipt):
    words = receipt(payment_event(order, currency="EUR", total_amount=460, tax=73))
    assert "100 credits $5.00 Total paid €4.60 Tax included in it €0.73" in words


def test_a_refund_is_told_with_its_state_and_its_credits(order, receipt):
    words = receipt(payment_event(order), refund_event(amount=200))
    assert "Refunded" in words and "$2.00" in words and "isput" not in words
    assert "Bought for $5" in words and "+100" in words
    assert "Taken back: the payment was refunded" in words and "−40" in words
    assert "Credits from this order in all 60" in words


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("pending", "Refund on its way"),
        ("review", "Refund being checked"),
        ("failed", "Refund that failed; nothing went back"),
    ],
)
def test_a_refund_that_is_not_there_took_no_credits(order, receipt, status, said):
    words = receipt(payment_event(order), refund_event(status=status))
    assert said in words and "$1.00" in words
    assert "Refunded" not in words and "Taken back" not in words and "in all" not in words


def test_a_refund_of_no_known_amount_says_so(order, receipt):
    paid = payment_event(order)
    assert "Amount not known yet" in receipt(paid, refund_event(amount=None, status="pending"))
    words = receipt(refund_event(amount=None, partial=False))
    assert "The whole payment" in words and "Credits from this order in all 0" in words


@pytest.mark.parametrize(
    ("status", "said", "kept"),
    [
        ("opened", "Disputed, not decided yet", "0"),
        ("challenged", "Disputed, not decided yet", "0"),
        ("lost", "Dispute decided: the money goes back to you", "0"),
        ("accepted", "Dispute accepted: the money goes back to you", "0"),
        ("expired", "Dispute ended without our answer: the money goes back to you", "0"),
        ("won", "Dispute decided: the payment stands", "100"),
        ("cancelled", "Dispute withdrawn: the payment stands", "100"),
    ],
)
def test_a_dispute_is_told_with_its_state_and_its_credits(order, receipt, status, said, kept):
    opened = receipt(payment_event(order), dispute_event("opened"))
    assert "Disputed, not decided yet" in opened and "$5.00" in opened and "efund" not in opened
    words = receipt(dispute_event(status))
    assert said in words and "Taken back: the payment is disputed" in words
    assert f"Credits from this order in all {kept}" in words
    assert ("Restored: the money is no longer disputed" in words) == (kept == "100")


def test_a_refund_and_a_dispute_are_told_apart(order, receipt):
    words = receipt(payment_event(order), refund_event(amount=200), dispute_event("lost"))
    assert "Refunded" in words and "the money goes back to you" in words
    assert "−40" in words and "−60" in words and "in all 0" in words


def test_a_second_payment_of_an_order_is_told_as_one(order, receipt):
    words = receipt(payment_event(order), payment_event(order, payment_id="pay_2"))
    assert "Payment number pay_1" in words and "Payment number pay_2" in words
    assert words.count("Total paid $5.00") == 2
    assert "This order was paid twice A person looks at this payment." in words
    words = receipt(refund_event("ref_2", payment_id="pay_2", amount=500, partial=False))
    assert "This payment gave no credits." in words and "A person looks" not in words


def test_what_a_person_approved_is_told_as_it_was_given(app, order, receipt):
    receipt(payment_event(order, total_amount=185))
    with app.app_context():
        reviews.approve("pay_1", Decision("ops", "ok"), credits=Decimal(37))
        db.session.remove()
    words = receipt()
    assert "100 credits $5.00 Total paid $1.85" in words and "+37" in words


def test_each_entry_leads_to_its_place_in_the_ledger(ada, order, receipt):
    receipt(payment_event(order))
    page = ada.get(f"/credits/purchases/{order.id}").text
    assert 'href="/credits/?before=3#entry-2"' in page and "entry 2 in the ledger" in page
    assert "Bought for $5" in ada.get("/credits/?before=3").text


@pytest.mark.parametrize(
    ("status", "title", "said", "again"),
    [
        ("created", "Order", "Not paid yet", False),
        ("pending", "Order", "Waiting for the payment", False),
        ("failed", "Order", "Payment failed", True),
        ("cancelled", "Order", "Payment cancelled", True),
        ("expired", "Order", "Not paid in time", True),
        ("review", "Order", "In review", False),
        ("rejected", "Order", "Not accepted", False),
    ],
)
def test_an_order_that_was_not_paid_is_no_receipt(app, ada, order, status, title, said, again):
    with app.app_context():
        db.session.get_one(Purchase, order.id).status = status
        db.session.commit()
    words = visible(ada.get(f"/credits/purchases/{order.id}").text)
    assert words.startswith(title) and f"Status {said}" in words
    assert "Total paid" not in words and "100 credits $5.00" in words
    assert ("Try again" in words) == again
