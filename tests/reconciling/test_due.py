"""What falls due in the periodic work: comparisons near and far, and webhooks tried again."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from creditsapp.commands import reconciling
from creditsapp.dodo import dodo_client
from creditsapp.dodo.errors import DodoFailed
from creditsapp.extensions import db
from creditsapp.models import PeriodicJob, WebhookEvent
from creditsapp.services import payments, reconciliation, upkeep, webhooks
from creditsapp.services.errors import ProviderUnavailable
from creditsapp.services.payments import Terms
from creditsapp.services.transaction import now
from tests.builders import make_purchase, make_user, payment_event, refund_event, settle
from tests.reconciling.conftest import balance
from tests.reconciling.test_upkeep import fail, let_time_pass

NEAR, FAR = 2, 120
SECOND = timedelta(seconds=1)


@pytest.fixture
def compared(monkeypatch):
    """The days that each comparison has gone back; those of `compared.broken` fail."""

    class Days(list):
        broken = ()

    original, days = reconciliation.reconcile, Days()

    def reconcile(dodo, terms, *, since, **options):
        days.append((datetime.now(UTC) - since).days)
        if days[-1] in days.broken:
            raise DodoFailed("it answered 500")
        return original(dodo, terms, since=since, **options)

    monkeypatch.setattr(reconciliation, "reconcile", reconcile)
    return days


def compare():
    terms, tell = Terms("pdt_sandbox_credits"), (lambda finding: None)
    return len(list(upkeep.comparisons(dodo_client(), terms, tell, everything=False)))


def test_the_last_days_are_compared_first_and_then_the_last_months(shop, compared):
    assert compare() == 2
    assert compared == [NEAR, FAR]
    assert compare() == 0


def test_months_that_cannot_be_compared_do_not_hinder_the_last_days(shop, compared):
    compared.broken = (FAR,)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            compare()
        let_time_pass(PeriodicJob, "due_at", SECOND)
    assert compared == [NEAR, FAR] * 3


@pytest.mark.parametrize("broken", [NEAR, FAR])
def test_a_comparison_that_fails_is_put_off_for_a_minute(shop, compared, broken):
    compared.broken = (broken,)
    with pytest.raises(ProviderUnavailable):
        compare()
    due = db.session.scalars(db.select(PeriodicJob.due_at)).all()
    assert sum(timedelta() < at - now() <= timedelta(minutes=1) for at in due) == 1


def test_a_tick_compares_the_last_months_when_that_is_due_else_the_last_days(shop, flask, compared):
    for _ in range(3):
        assert flask("credits", "tick").exit_code == 0
    let_time_pass(PeriodicJob, "due_at", SECOND)
    assert flask("credits", "tick").exit_code == 0
    assert compared == [FAR, NEAR, NEAR, FAR]


def test_a_tick_heals_what_happened_to_what_is_months_old(shop, flask, monkeypatch):
    user, _order, payment_id = shop.bought()
    refund_id = shop.refund(payment_id, 200, status="pending")
    shop.control(f"/sandbox/refunds/{refund_id}/decide", status="succeeded")
    later = now() + timedelta(days=90)
    monkeypatch.setattr(upkeep, "now", lambda: later)
    assert flask("credits", "tick").exit_code == 0
    assert balance(user) == 60


def test_a_worker_leaves_no_read_open_when_it_has_compared(shop, flask, monkeypatch):
    shop.bought()
    left_open = []

    class Stop(threading.Event):
        def wait(self, timeout=None):
            left_open.append(db.session().in_transaction())
            self.set()

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(reconciling, "threading", SimpleNamespace(Event=Stop))
    answer = flask("credits", "worker")
    assert "compared: 0 healed, 0 not" in answer.stdout
    assert left_open == [False]


def failed(user, webhook_id="msg_f"):
    """A payment's webhook that was not applied."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(payments, "post_unguarded", fail)
        with pytest.raises(RuntimeError):
            settle(payment_event(make_purchase(user), payment_id="pay_f"), webhook_id)


def test_a_parked_webhook_that_dodo_fails_for_does_not_hinder_a_failed_one(shop, flask):
    user = make_user(0)
    settle(refund_event(payment_id="pay_x"), "msg_a")
    failed(user)
    let_time_pass(WebhookEvent, "next_attempt_at", SECOND)
    shop.fault("error", path="/payments/pay_x")
    flask("credits", "tick")
    assert balance(user) == 100
    assert webhooks.find("msg_f").status == "credits_added"
    assert webhooks.find("msg_a").status == "parked"
    assert webhooks.find("msg_a").next_attempt_at > now()


def test_a_tick_waits_for_the_time_of_what_is_parked(shop, flask):
    user = make_user(0)
    settle(refund_event(payment_id="pay_x"), "msg_a")
    due = webhooks.find("msg_a").next_attempt_at
    failed(user)
    answer = flask("credits", "tick")
    assert "webhooks applied: 1\n" in answer.stdout
    event = db.session.get(WebhookEvent, "msg_a", populate_existing=True)
    assert (event.status, event.attempts, event.next_attempt_at) == ("parked", 1, due)
    assert balance(user) == 100
