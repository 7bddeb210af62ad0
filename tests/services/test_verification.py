"""The proof of every payment: what was taken back has to fit its refunds and disputes."""

import pytest

from creditsapp.extensions import db
from creditsapp.services import holds, ledger, verification
from creditsapp.services.verification import Problem
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
    spend,
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


FORGERIES = {
    "it is of no payment of this user": [
        "UPDATE ledger_entries SET payment_id = NULL WHERE type = 'purchase' AND user_id = {ada}",
        "UPDATE purchases SET user_id = {bob}",
    ],
    "more was given back for it than it took": [
        "UPDATE ledger_entries SET refunded_number = 4 WHERE refunded_number = 3",
        "UPDATE ledger_entries SET refunded_number = 1 WHERE refunded_number = 3",
    ],
    "a captured hold names it, but it did not come from that hold": [
        "UPDATE holds SET status = 'captured', entry_number = 1, resolved_at = created_at"
        " WHERE status = 'released'",
    ],
}


@pytest.mark.parametrize(
    ("words", "sql"), [(words, sql) for words, several in FORGERIES.items() for sql in several]
)
def test_verify_names_what_was_forged_together_with_its_sums(app, database_url, words, sql):
    with app.app_context():
        ada, bob = make_user(50), make_user(50)
        settle(payment_event(make_purchase(ada)))
        big, small = spend(ada, 12), spend(ada, 5)
        ledger.refund_usage(big, 12)
        assert (big.number, small.number) == (3, 4)
        holds.release(ada, holds.hold(ada, 5, operation="test").id)
        assert verification.verify().problems == []
        db.session.remove()
        execute(database_url, sql.format(ada=ada, bob=bob), without_triggers=True)
        app.tampered = True
        problems = verification.verify().problems
    assert words in [problem.problem for problem in problems]
    assert ada in [problem.user_id for problem in problems]
