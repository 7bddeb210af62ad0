"""What is counted, and what is read from the database when Prometheus asks."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import yaml
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from creditsapp.extensions import db
from creditsapp.metrics import counting
from creditsapp.metrics.process import Gauges
from creditsapp.metrics.state import State
from creditsapp.models import WebhookEvent
from creditsapp.services import holds, ledger, proofs
from creditsapp.services.errors import InsufficientCredits, TryAgainLater
from creditsapp.services.ledger import Usage
from creditsapp.services.transaction import now
from creditsapp.settings import ROOT
from tests.builders import (
    deliver,
    event,
    make_purchase,
    make_user,
    overdue_hold,
    payment_event,
    settle,
    spend,
)
from tests.databases import execute, on_both, on_postgresql, on_sqlite

SUFFIXES = re.compile("_(bucket|count|sum)$")


def values(collector):
    """What would be scraped: values by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in collector.collect()
        for sample in metric.samples
    }


@pytest.fixture
def counted():
    """What was counted since, by name and labels."""
    before = values(counting.REGISTRY)

    def since():
        after = values(counting.REGISTRY)
        return {key: value - before.get(key, 0) for key, value in after.items()}

    return since


@on_sqlite
def test_a_charge_is_counted_once_however_it_is_made_and_however_often_asked_for(context, counted):
    user = make_user(50)
    for _ in range(2):
        spend(user, 3, key="k")
        ledger.spend_many(user, [Usage(1, "test", key="a"), Usage(2, "other", key="b")])
    held = holds.hold(user, 10, operation="test")
    for _ in range(2):
        holds.capture_once(user, held.id, 4)
    with pytest.raises(InsufficientCredits):
        spend(user, 100)
    found = counted()
    assert found["credits_spends_total", "test"] == 3
    assert found["credits_spent_credits_total", "test"] == 3 + 1 + 4
    assert found["credits_spent_credits_total", "other"] == 2


@on_sqlite
def test_requests_are_counted_by_route_and_no_client_makes_up_a_label(client, counted):
    for path in ("/nothing/1", "/nothing/2", "/auth/login", "/studio/creations/77"):
        client.get(path).close()
        client.open(path, method="BREW").close()
    client.get("/api/credits", headers={"X-Request-ID": "77"}).close()
    deliver(client, event("something.new", {})).close()
    deliver(client, b"no event").close()
    deliver(client, event("x", {}), secret="whsec_" + "A" * 32).close()
    found = {key: value for key, value in counted().items() if value}
    name = "credits_http_request_duration_seconds_count"
    assert found[name, "GET", "none", "4xx"] == 2
    assert found[name, "GET", "/auth/login", "2xx"] == 1
    assert found[name, "other", "none", "4xx"] == 4
    for result in ("ignored", "invalid", "invalid_signature"):
        assert found["credits_webhooks_total", result] == 1
    assert not [label for key in found for label in key[1:] if "77" in label or "BREW" in label]


@on_sqlite
def test_refusals_are_counted_by_what_refused(client, counted):
    client.application.view_functions["auth.login"] = short_of_credits
    client.get("/auth/login").close()
    assert counted()["credits_refusals_total", "402", "insufficient_credits"] == 1


def short_of_credits():
    raise InsufficientCredits(Decimal(5), Decimal(1), Decimal(1))


@on_both
def test_what_stands_in_the_database_is_read_when_it_is_asked_for(app, context, flask):
    empty = values(State(app))
    assert empty["credits_database_up",] == 1
    assert empty["credits_webhook_unprocessed_age_seconds",] == 0
    assert ("credits_verify_problems",) not in empty

    user = make_user(50)
    holds.hold(user, 7, operation="test")
    overdue_hold(user, 5)
    order, _waiting = make_purchase(user), make_purchase(user)
    settle(payment_event(order))
    settle(payment_event(make_purchase(user), payment_id="pay_2", total_amount=1))
    settle(event("payment.succeeded", None), "msg_review")
    settle(event("refund.succeeded", {}), "msg_failed")
    values_of = {"status": "failed", "received_at": now() - timedelta(hours=1)}
    db.session.execute(
        update(WebhookEvent)
        .where(WebhookEvent.id == "msg_failed")
        .values(next_attempt_at=now(), **values_of)
    )
    db.session.commit()
    assert flask("credits", "verify").exit_code == 0
    found = values(State(app))
    assert found["credits_holds_open",] == 2 and found["credits_held_credits",] == 12
    assert found["credits_hold_overdue_seconds",] >= 0
    assert found["credits_webhooks_unprocessed",] == 1
    assert 3600 <= found["credits_webhook_unprocessed_age_seconds",] < 7200
    assert found["credits_webhooks_in_review",] == 2
    assert found["credits_purchases_open", "pending"] == 1
    assert found["credits_purchases_open", "review"] == 1
    assert found["credits_purchases_last_day", "paid"] == 1
    assert found["credits_mails_waiting",] >= 1
    assert found["credits_verify_problems",] == 0
    assert abs(found["credits_verify_timestamp_seconds",] - now().timestamp()) < 600


@on_sqlite
def test_the_last_verify_says_what_it_found(app, context, database_url, flask):
    user = make_user(50)
    spend(user, 1)
    app.tampered = True
    execute(database_url, "UPDATE wallets SET balance = 400000, lifetime_used = 100000")
    assert flask("credits", "verify").exit_code == 1
    assert values(State(app))["credits_verify_problems",] == 1


@on_sqlite
def test_a_database_that_cannot_be_written_to_is_proven_all_the_same(context, flask, monkeypatch):
    def refuse(_report):
        raise TryAgainLater("read-only")

    monkeypatch.setattr(proofs, "keep", refuse)
    done = flask("credits", "verify")
    assert (done.exit_code, done.stderr) == (0, "the result is not kept: read-only\n")


@on_postgresql
def test_of_a_database_that_is_away_only_that_is_told(proxy, database_url, make_app):
    state = State(make_app(database_url=proxy.url(database_url)))
    assert values(state)["credits_database_up",] == 1
    proxy.refusing = True
    proxy.cut()
    assert values(state) == {("credits_database_up",): 0}
    proxy.refusing = False
    assert values(state)["credits_database_up",] == 1


@on_sqlite
def test_rules_and_page_name_metrics_that_there_are(app, context, flask):
    make_user(1)
    assert flask("credits", "verify").exit_code == 0
    gauges = CollectorRegistry()
    Gauges(app, gauges).read()
    families = [
        *counting.REGISTRY.collect(),
        *State(app).collect(),
        *gauges.collect(),
    ]
    there_are = {f"{it.name}_total" if it.type == "counter" else it.name for it in families}
    assert all(name.startswith("credits_") for name in there_are)
    page = (ROOT / "docs" / "observing.md").read_text()
    assert set(re.findall(r"`(credits_[a-z_]+)`", page)) == there_are

    groups = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    asked = {
        SUFFIXES.sub("", name)
        for rule in rules
        for name in re.findall(r"\bcredits_[a-z_]+", rule["expr"])
    }
    assert asked <= there_are and len(rules) > 10
    routes = {str(rule) for rule in app.url_map.iter_rules()}
    expressions = json.dumps([rule["expr"] for rule in rules])
    assert set(re.findall(r'route=\\"([^\\]+)', expressions)) <= routes
