"""The acts that move credits, each with what it starts from and what its repeat answers."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditsapp.charging import AlreadyCharged, charge
from creditsapp.models import User
from creditsapp.services import (
    attaching,
    creations,
    events,
    holds,
    ledger,
    purchases,
    reviews,
    wallets,
)
from creditsapp.services.audit import Decision
from creditsapp.services.payments import Terms
from creditsapp.services.transaction import now, transaction
from tests.builders import make_purchase, overdue_hold, payment_event, refund_event, settle

USER = 1


@dataclass(frozen=True)
class Act:
    """`prepare` gives `run` its argument; a repeat answers the same or, once it is done, `again`.

    `steps` is how many transactions it has, and a repeat leaves its trace in the tables `traces`.
    """

    run: Callable[[Any], Any]
    prepare: Callable[[], Any] = lambda: None
    again: Any = None
    steps: int = 1
    traces: tuple[str, ...] = ()


def open_wallet():
    """A wallet with 20 credits, always of the same user id."""
    with transaction() as session:
        user = User(id=USER, email="a@example.com", name="A", password_hash="", created_at=now())
        session.add(user)
        session.flush()
        wallets._open(session, USER)
    ledger.grant(USER, 20, description="to start with")


def told(entry):
    """What an answer says of an entry."""
    return entry.number, entry.type, entry.amount, entry.balance_after


def spend(_):
    return told(ledger.spend(USER, 3, operation="test", key="k"))


def spend_what_was_held(_):
    return told(ledger.spend(USER, 18, operation="test", key="k"))


def an_overdue_hold():
    overdue_hold(USER, 15)


def spend_many(_):
    usages = [ledger.Usage(n, "test", key=f"k{n}") for n in (1, 2, 3)]
    return [told(entry) for entry in ledger.spend_many(USER, usages)]


def grant(_):
    return told(ledger.grant(USER, 3, description="a gift", key="k", actor="ada"))


def adjust(_):
    return told(ledger.adjust(USER, -3, description="a mistake", key="k", actor="ada"))


def a_usage():
    return ledger.spend(USER, 5, operation="test")


def refund_usage(usage):
    return told(ledger.refund_usage(usage, 2, key="k"))


def hold(_):
    held = holds.hold(USER, 3, operation="test", key="k")
    return held.status, held.amount, ledger.balance(USER).available


def a_hold():
    return holds.hold(USER, 5, operation="test").id


def capture(hold_id):
    return told(holds.capture(USER, hold_id, 4, key="k"))


def release(hold_id):
    return holds.release(USER, hold_id)


def order(_):
    purchase, _new = purchases.start(USER, 5, 100, key="k")
    return purchase.status, purchase.credits


def a_payment():
    return payment_event(make_purchase(USER))


def a_refund():
    settle(a_payment(), webhook_id="msg_before")
    return refund_event(amount=100)


def receive(event):
    return settle(event, webhook_id="msg_of_this")


def a_payment_that_waits():
    settle(payment_event(make_purchase(USER), total_amount=499), webhook_id="msg_before")
    settle(refund_event(amount=100), webhook_id="msg_of_the_refund")


def approve(_):
    payment = reviews.approve("pay_1", Decision("ada", "a cent is fine", key="k"))
    return payment.decision, payment.credited


def a_stray_payment():
    stray = payment_event(make_purchase(USER), checkout_session_id=None, metadata={})
    settle(stray, webhook_id="msg_before")


def attach(_):
    decision = Decision("ada", "the buyer wrote", key="k")
    payment = attaching.attach_to_user("pay_1", USER, 5, Decimal(100), decision)
    return payment.decision, payment.credited


def a_refunded_payment():
    return a_payment()["data"] | {"refunds": [refund_event(amount=100)["data"]]}


def learn(data):
    return events.learn_payment("pay_1", data, Terms("pdt_sandbox_credits"))


def charge_and_keep(_):
    """What an operation of the studio does, with its key."""
    try:
        with charge(USER, "IMAGE_GENERATION", key="k") as work:
            made, work.entry = creations.keep(
                USER,
                work.hold_id,
                operation="image_generation",
                title="Hills",
                media_type="text/plain",
                extension="txt",
                content=b"hills",
            )
            return made.title, told(work.entry)
    except AlreadyCharged as done:
        number = done.hold.entry_number
        return creations.paid_by(USER, number).title, told(ledger.entry(USER, number))


ACTS = {
    "spend": Act(spend),
    "spend_what_an_overdue_hold_kept": Act(spend_what_was_held, an_overdue_hold),
    "spend_many": Act(spend_many),
    "grant": Act(grant),
    "adjust": Act(adjust),
    "refund_usage": Act(refund_usage, a_usage),
    "hold": Act(hold),
    "capture": Act(capture, a_hold),
    "release": Act(release, a_hold, again="HoldClosed"),
    "order": Act(order),
    "payment_webhook": Act(
        receive, a_payment, again="already_processed", traces=("webhook_events",)
    ),
    "refund_webhook": Act(receive, a_refund, again="already_processed", traces=("webhook_events",)),
    "approve": Act(approve, a_payment_that_waits),
    "attach": Act(attach, a_stray_payment),
    "learn_from_the_api": Act(learn, a_refunded_payment, again="already_processed"),
    "charge_and_keep": Act(charge_and_keep, steps=2, traces=("holds",)),
}
