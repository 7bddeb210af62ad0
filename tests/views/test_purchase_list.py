"""The list of purchases, and what the ledger says of those that are under way."""

import re
from datetime import timedelta

from sqlalchemy import update

from creditsapp.extensions import db
from creditsapp.models import Purchase
from creditsapp.services.transaction import now
from tests.builders import (
    dispute_event,
    make_purchase,
    payment_event,
    refund_event,
    register,
    settle,
)
from tests.views.reading import link


def changed(purchase, **values):
    db.session.execute(update(Purchase).where(Purchase.id == purchase.id).values(**values))
    db.session.commit()


def listed(page):
    """Credits, dollars and status of each order on a page."""
    return re.findall(
        r'entry-name">(.*?)</p>.*?amount">(.*?)</p>.*?description">(.*?)</p>', page.text, re.S
    )


def test_nothing_bought_yet_is_said_with_a_way_to_buy(ada):
    page = ada.get("/credits/purchases")
    assert "Nothing bought yet" in page.text
    assert link(page, "Add credits") == "/credits/purchase"
    assert link(ada.get("/credits/"), "Purchases") == "/credits/purchases"


def test_every_order_is_listed_with_its_end_in_plain_words(ada, user):
    settle(payment_event(make_purchase(user, 1), payment_id="pay_1"))
    settle(payment_event(make_purchase(user, 2), payment_id="pay_2"))
    settle(refund_event(payment_id="pay_2", amount=50))
    settle(payment_event(make_purchase(user, 3), payment_id="pay_3"))
    settle(dispute_event(payment_id="pay_3"))
    for dollars, status in enumerate(("failed", "cancelled", "expired", "rejected"), 4):
        changed(make_purchase(user, dollars), status=status)
    page = ada.get("/credits/purchases")
    assert listed(page) == [
        ("140 credits", "$7", "Not accepted"),
        ("120 credits", "$6", "Not paid in time"),
        ("100 credits", "$5", "Payment cancelled"),
        ("80 credits", "$4", "Payment failed"),
        ("60 credits", "$3", "Paid, then credits were taken back"),
        ("40 credits", "$2", "Paid, then credits were taken back"),
        ("20 credits", "$1", "Paid"),
    ]
    assert "See how it stands" not in page.text and "notice" not in ada.get("/credits/").text


def test_an_order_that_is_not_paid_leads_on_to_its_payment(ada, user):
    order = make_purchase(user, 5)
    for address in ("/credits/purchases", "/credits/"):
        page = ada.get(address)
        assert "If not, nothing was charged." in page.text
        assert link(page, "Go on to the payment") == "http://127.0.0.1:9/session/x"
        assert link(page, "See how it stands") == f"/credits/success?purchase={order.id}"
    assert "Your order for $5 is not paid yet" in ada.get("/credits/").text
    changed(order, created_at=now() - timedelta(hours=2))
    assert "not paid yet" not in ada.get("/credits/").text
    assert "Go on to the payment" in ada.get("/credits/purchases").text


def test_a_payment_under_way_is_said_and_cannot_be_made_twice(ada, user):
    order = make_purchase(user, 5)
    settle(payment_event(order, kind="payment.processing"))
    for address in ("/credits/purchases", "/credits/"):
        page = ada.get(address).text
        assert "The payment is under way." in page
        assert "Go on to the payment" not in page
    assert "Your payment of $5 is under way" in ada.get("/credits/").text


def test_a_payment_in_review_is_said(ada, user):
    settle(payment_event(make_purchase(user, 5), total_amount=1))
    assert "We are looking at your payment of $5" in ada.get("/credits/").text
    page = ada.get("/credits/purchases")
    assert listed(page) == [("100 credits", "$5", "In review")]
    assert "a person’s eye" in page.text


def test_purchases_are_paged_by_links_that_stay(ada, user):
    for dollars in range(1, 31):
        make_purchase(user, dollars)
    page = ada.get("/credits/purchases")
    assert [dollars for _, dollars, _ in listed(page)] == [f"${n}" for n in range(30, 5, -1)]
    make_purchase(user, 31)
    older = ada.get(link(page, "Older purchases"))
    assert [dollars for _, dollars, _ in listed(older)] == [f"${n}" for n in range(5, 0, -1)]
    assert "Older purchases" not in older.text
    assert link(older, "Newest purchases") == "/credits/purchases"
    last = db.session.query(Purchase).filter_by(dollars=1).one()
    assert "Nothing older" in ada.get(f"/credits/purchases?before={last.id}").text


def test_orders_of_others_are_neither_listed_nor_a_place_to_go_on_from(app, ada, user):
    order = make_purchase(user, 5)
    other = app.test_client()
    register(other)
    assert listed(other.get("/credits/purchases")) == []
    for before in (order.id, "x", "a%01b"):
        assert other.get(f"/credits/purchases?before={before}").status_code == 404
