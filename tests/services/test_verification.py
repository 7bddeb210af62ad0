"""The proof of every payment: what was taken back has to fit its refunds and disputes."""

import pytest

from creditsapp.services import verification
from creditsapp.services.verification import Problem
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
)
from tests.databases import execute

OTHER_FACTS = {
    "a refund became larger": (refund_event, "UPDATE payment_refunds SET amount = 200"),
    "a refund went through after all": (
        lambda *args, **options: refund_event(*args, **options, status="failed"),
        "UPDATE payment_refunds SET status = 'succeeded'",
    ),
    "a refund is missing": (refund_event, "DELETE FROM payment_refunds"),
    "a dispute was lost after all": (
        lambda name, **options: dispute_event("won", name, **options),
        "UPDATE payment_disputes SET status = 'dispute_lost'",
    ),
    "a dispute is missing": (
        lambda name, **options: dispute_event("lost", name, **options),
        "DELETE FROM payment_disputes",
    ),
}


@pytest.mark.parametrize(("news", "change"), OTHER_FACTS.values(), ids=OTHER_FACTS)
def test_verify_names_each_payment_that_does_not_fit_its_facts(
    app, context, database_url, news, change
):
    users = [make_user(0) for _ in range(3)]
    for user, payment in zip(users, ("pay_1", "pay_2", "pay_3"), strict=True):
        settle(payment_event(make_purchase(user), payment_id=payment))
        settle(news(f"of_{payment}", payment_id=payment))
    assert verification.verify().problems == []
    execute(database_url, f"{change} WHERE payment_id <> 'pay_2'")
    app.tampered = True
    assert verification.verify().problems == [
        Problem(user, None, f"the credits taken back for {payment} do not fit its refunds")
        for user, payment in ((users[0], "pay_1"), (users[2], "pay_3"))
    ]


def test_of_several_wrong_payments_the_first_is_named_once_in_every_run_of_wallets(
    app, context, database_url, monkeypatch
):
    monkeypatch.setattr(verification, "CHUNK", 1)
    users = [make_user(0) for _ in range(3)]
    for payment in ("pay_2", "pay_1", "pay_3"):
        settle(payment_event(make_purchase(users[1]), payment_id=payment))
        settle(refund_event(f"of_{payment}", payment_id=payment))
    execute(database_url, "UPDATE payment_refunds SET amount = 200")
    app.tampered = True
    words = "the credits taken back for pay_1 do not fit its refunds"
    assert verification.verify().problems == [Problem(users[1], None, words)]


def test_a_payment_without_credits_owes_nothing(context):
    purchase = make_purchase(make_user(0))
    settle(payment_event(purchase, total_amount=1))
    settle(dispute_event("lost"))
    assert verification.verify().problems == []
