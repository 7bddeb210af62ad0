"""Large grants: one operator asks, another gives, once; and there is no way around it."""

import json
import socket

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from creditsapp.extensions import db
from creditsapp.models import GrantRequest, OperatorAction
from creditsapp.services import grant_requests, grants, ledger
from creditsapp.services.audit import Decision
from creditsapp.services.transaction import now
from tests.builders import event, make_purchase, make_user, payment_event, settle
from tests.databases import contents
from tests.forks import race


@pytest.fixture
def app(make_app):
    return make_app(grant_approval_above="100")


@pytest.fixture
def ada(context):
    return make_user(0, email="ada@example.com")


@pytest.fixture
def command(flask, monkeypatch, as_root):
    """Run a command of the credits group as somebody."""

    def run(who, *words, code=0):
        monkeypatch.setenv("SUDO_USER", who)
        answer = flask("credits", *words, "--reason", "a gift")
        assert answer.exit_code == code, answer.output
        assert code == 0 or answer.stderr.count("\n") == 1
        return answer

    return run


def listed(flask):
    return json.loads(flask("credits", "grants", "--json").stdout)["grants"]


def asked(flask):
    """The only request."""
    (request,) = listed(flask)
    return request


def balance(user):
    return ledger.balance(user).balance


def test_a_large_grant_is_given_once_by_a_second_operator(
    ada, command, flask, database_url, monkeypatch
):
    grant = ("grant", "ada@example.com", "100.5", "--key", "k")
    waits = command("alice", *grant, code=1)
    request = str(asked(flask)["id"])
    assert f"flask credits approve-grant {request}" in waits.stderr
    before = contents(database_url)
    assert command("alice", *grant, code=1).stderr == waits.stderr
    command("alice", "grant", "ada@example.com", "100.6", "--key", "k", code=1)
    for host in ("here", "elsewhere"):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        for act in ("approve-grant", "reject-grant"):
            assert "another operator" in command("alice", act, request, code=1).stderr
    assert (balance(ada), contents(database_url)) == (0, before)

    approve = ("approve-grant", request, "--key", "a")
    assert "100.5 as entry 1" in command("bob", *approve).stdout
    after = contents(database_url)
    assert command("bob", *approve).stdout == command("bob", *approve).stdout
    assert "was granted by bob" in command("carol", "approve-grant", request, code=1).stderr
    assert "was granted by bob" in command("carol", "reject-grant", request, code=1).stderr
    assert "100.5 credits as entry 1" in command("alice", *grant).stdout
    assert (balance(ada), contents(database_url)) == (100.5, after)

    done = asked(flask)
    assert (done["status"], done["number"], done["amount"]) == ("granted", 1, 100.5)
    assert (done["requestedBy"], done["decidedBy"]) == ("alice", "bob")
    entry = ledger.entry(ada, 1)
    assert (entry.type, entry.description) == ("bonus", "a gift")
    assert entry.actor.startswith("bob@elsewhere as ")
    lines = db.session.scalars(db.select(OperatorAction).order_by(OperatorAction.created_at))
    assert [line.command for line in lines] == ["credits grant", "credits approve-grant"]
    assert "granted by bob" in flask("credits", "grants").stdout


def test_many_small_grants_are_no_way_around(ada, command, monkeypatch):
    command("alice", "grant", "ada@example.com", "60")
    command("alice", "grant", "ada@example.com", "50", code=1)
    command("alice", "adjust", "ada@example.com", "50", code=1)
    command("alice", "adjust", "ada@example.com", "-500")
    command("alice", "grant", "ada@example.com", "40.0001", code=1)
    command("bob", "grant", "ada@example.com", "100")
    command("alice", "grant", "ada@example.com", "40")
    monkeypatch.setattr(grants, "COUNTS_FOR", grants.COUNTS_FOR * 0)
    command("alice", "grant", "ada@example.com", "100")
    assert balance(ada) == 60 - 500 + 100 + 40 + 100


def test_what_a_second_operator_agreed_to_does_not_count(ada, command, flask):
    command("alice", "adjust", "ada@example.com", "500", code=1)
    command("bob", "approve-grant", str(asked(flask)["id"]))
    for who in ("alice", "bob"):
        command(who, "grant", "ada@example.com", "100")
    assert ledger.entry(ada, 1).type == "adjustment"


def test_what_was_rejected_or_has_expired_is_not_given(ada, command, flask):
    for key in ("r", "e"):
        command("alice", "grant", "ada@example.com", "101", "--key", key, code=1)
    rejected, expired = (str(one["id"]) for one in listed(flask))
    words = ("reject-grant", rejected, "--key", "n")
    assert command("bob", *words).stdout == command("bob", *words).stdout
    command("bob", "reject-grant", expired, "--key", "n", code=1)
    db.session.execute(update(GrantRequest).values(expires_at=now()))
    db.session.commit()
    assert [one["status"] for one in listed(flask)] == ["rejected", "expired"]
    for request, state in ((rejected, "was rejected by bob"), (expired, "has expired")):
        for act in ("approve-grant", "reject-grant"):
            assert state in command("carol", act, request, code=1).stderr
    for key, state in (("r", "rejected"), ("e", "expired")):
        again = command("alice", "grant", "ada@example.com", "101", "--key", key, code=1)
        assert f"is {state}" in again.stderr
    command("bob", "approve-grant", "987654", code=1)
    assert balance(ada) == 0


def test_a_grant_that_the_wallet_cannot_keep_changes_nothing(ada, command, flask, database_url):
    command("alice", "grant", "ada@example.com", str(10**12), code=1)
    command("bob", "grant", "ada@example.com", "1")
    before = contents(database_url)
    command("bob", "approve-grant", str(asked(flask)["id"]), code=1)
    assert contents(database_url) == before


def test_credits_that_nobody_paid_for_are_no_way_around_either(ada, command, database_url):
    settle(payment_event(make_purchase(ada), total_amount=1))
    stray = payment_event(make_purchase(ada), payment_id="pay_2", checkout_session_id=None)
    settle(event("payment.succeeded", stray["data"] | {"metadata": {}, "total_amount": 700}))
    db.session.remove()
    large = make_purchase(ada, 50)
    settle(payment_event(large, payment_id="pay_3", total_amount=100))
    db.session.remove()
    before = contents(database_url)
    command("alice", "approve", "pay_1", "--credits", "100.5", code=1)
    command("alice", "approve", "pay_3", code=1)
    command("alice", "attach", "pay_2", large.id, code=1)
    command("alice", "attach", "pay_2", "ada@example.com", "--dollars", "6", code=1)
    assert contents(database_url) == before
    command("alice", "approve", "pay_1", "--credits", "100")
    command("alice", "attach", "pay_2", "ada@example.com", "--dollars", "7")
    assert balance(ada) == 240


def ask(user, who, amount, key=None):
    decision = Decision(f"{who}@here", "race", key)
    return type(grants.give(user, amount, "bonus", decision, above=100)).__name__


def approve(request_id, who):
    return grant_requests.approve(request_id, Decision(f"{who}@here", "race"))[1].number


@pytest.mark.processes
def test_two_that_approve_at_once_give_it_once(app, ada):
    ask(ada, "alice", 500)
    (request,) = grant_requests.requests()
    names = ("bob", "carol", "alice", "dave", "erin")
    outcomes = race(app, [lambda who=who: approve(request.id, who) for who in names])
    assert sorted(map(str, outcomes)) == ["1", *["NothingToDecide"] * 3, "OwnRequest"] or (
        sorted(map(str, outcomes)) == ["1", *["NothingToDecide"] * 4]
    )
    assert balance(ada) == 500


@pytest.mark.processes
def test_what_is_given_at_once_is_counted_together(app, ada):
    outcomes = race(app, [lambda: ask(ada, "alice", 60)] * 4)
    assert sorted(outcomes) == [*["GrantRequest"] * 3, "LedgerEntry"]
    outcomes = race(app, [lambda: ask(ada, "alice", 500, key="k")] * 4)
    assert outcomes == ["GrantRequest"] * 4
    assert len(list(grant_requests.requests())) == 4
    assert balance(ada) == 60


FORGERIES = {
    "by oneself": "status = 'rejected', decided_by = requested_by, decided_at = created_at",
    "without a person": "status = 'rejected'",
    "without a time": "status = 'rejected', decided_by = 'bob'",
    "without an entry": "status = 'granted', decided_by = 'bob', decided_at = created_at",
    "of another kind": "type = 'usage'",
    "of nothing": "amount = 0",
}


def test_the_database_refuses_a_decision_that_breaks_a_rule(ada, database_url):
    ask(ada, "alice", 500)
    db.session.remove()
    before = contents(database_url)
    for forgery in FORGERIES.values():
        with pytest.raises(DBAPIError, match="(?i)check"), db.engine.begin() as connection:
            connection.execute(text(f"UPDATE grant_requests SET {forgery}"))
    assert contents(database_url) == before
