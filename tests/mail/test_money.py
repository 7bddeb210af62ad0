"""What moves credits tells of it by mail: in the same transaction, at most once."""

from decimal import Decimal

import pytest

from creditsapp.extensions import db
from creditsapp.mail import postman
from creditsapp.models.types import InvalidAmount
from creditsapp.services import alerts, holds, ledger, mails
from creditsapp.services.errors import InsufficientCredits
from creditsapp.services.ledger import Usage
from creditsapp.services.transaction import transaction
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
    spend,
)


def told():
    """Kind and balance of each mail, in their order."""
    db.session.expire_all()
    return [(mail.kind, Decimal(mail.details["balance"]) / 10_000) for mail in mails.stored()]


def alerted_user(credits, below=10):
    user = make_user(credits)
    alerts.tell_below(user, Decimal(below))
    return user


def test_a_low_balance_is_told_once_a_dip_and_again_after_it_rose(context):
    user = alerted_user(12)
    spend(user, 2)
    assert told() == []
    spend(user, Decimal("0.0001"), key="once")
    spend(user, Decimal("0.0001"), key="once")
    spend(user, 1)
    assert told() == [("low_balance", Decimal("9.9999"))]
    ledger.grant(user, 5, description="g")
    with pytest.raises(InsufficientCredits):
        spend(user, 20)
    spend(user, 13)
    assert told()[1:] == [("low_balance", Decimal("0.9999"))]


def test_a_low_balance_is_told_of_a_batch_once_and_of_what_was_held_when_it_is_captured(context):
    user = alerted_user(30)
    usages = [Usage(4, "test", key=f"k{number}") for number in range(6)]
    ledger.spend_many(user, usages)
    ledger.spend_many(user, usages)
    assert told() == [("low_balance", 6)]
    ledger.grant(user, 24, description="g")
    held = holds.hold(user, 25, operation="test")
    assert len(told()) == 1
    holds.capture(user, held.id, 21)
    assert told()[1:] == [("low_balance", 9)]


def test_a_mail_that_stands_already_stops_no_spend(context):
    user = alerted_user(20)
    with transaction() as session:
        mails._queue(session, user, "low_balance", key=f"low:{user}:2", balance=0)
    assert ledger.spend(user, 15, operation="x").balance_after == 5
    batched = alerted_user(20)
    with transaction() as session:
        mails._queue(session, batched, "low_balance", key=f"low:{batched}:2", balance=0)
        mails._queue(session, batched, "low_balance", key=f"low:{batched}:3", balance=0)
    ledger.spend_many(batched, [Usage(8, "x"), Usage(8, "x")])
    assert ledger.balance(batched).balance == 4


def test_nobody_is_told_who_wants_not_to_be_nor_of_what_is_no_spend(context):
    user = make_user(12)
    spend(user, 11)
    other = alerted_user(12)
    ledger.adjust(other, -11, description="a")
    third = alerted_user(12)
    alerts.tell_below(third, 0)
    spend(third, 12)
    assert told() == []
    assert (alerts.threshold(third), alerts.threshold(other)) == (None, 10)
    with pytest.raises(InvalidAmount):
        alerts.tell_below(third, -1)


def test_a_payment_is_told_of_once_and_so_is_each_thing_that_became_of_it(context):
    user = make_user(50)
    order = make_purchase(user)
    for _ in range(2):
        settle(payment_event(order))
    spend(user, 140)
    for refund in ("ref_1", "ref_1", "ref_2"):
        settle(refund_event(refund))
    for status in ("opened", "challenged", "won"):
        settle(dispute_event(status))
    settle(dispute_event("lost", "dp_2"))
    assert told() == [
        ("purchase", 150),
        ("refund", -10),
        ("refund", -30),
        ("dispute", -90),
        ("restored", -30),
        ("dispute", -90),
    ]
    assert postman.send_due() == 6
    texts = [mails.find(mail.id).text for mail in mails.stored()]
    receipt = f"http://127.0.0.1:8000/credits/purchases/{order.id}\n"
    assert all(receipt in text for text in texts)
    assert "payment of $5.00 came in, and 100 credits were added" in texts[0].replace("\n", " ")
    assert "Subject: Refunded: 20 credits taken back\n" in texts[1]
    assert "You now owe 10 credits." in texts[1]


def test_a_correction_is_told_of_where_it_makes_a_debt(context):
    user = make_user(5)
    ledger.adjust(user, -5, description="a", key="1")
    for _ in range(2):
        ledger.adjust(user, Decimal("-0.5"), description="charged\ntwice", key="2")
    ledger.adjust(user, -1, description="a", key="3")
    assert told() == [("debt", Decimal("-0.5"))]
    postman.send_due()
    (mail,) = [mails.find(one.id) for one in mails.stored()]
    assert "corrected by \N{MINUS SIGN}0.5. The reason given:\ncharged twice\n" in mail.text
    assert "You now owe 0.5 credits." in mail.text
