"""Every command that changes something leaves a line; those that only read leave none."""

import itertools
import json
import os
import pwd
import signal
import socket
import threading

import click
import pytest

from creditsapp.commands import common, reconciling
from creditsapp.extensions import db
from creditsapp.models import Mail, OperatorAction
from creditsapp.services import audit, closing, grants, mails
from creditsapp.services.audit import Decision
from creditsapp.services.errors import ServiceError
from creditsapp.services.transaction import transaction
from tests.builders import make_purchase, make_user, overdue_hold, payment_event, settle
from tests.databases import contents, on_sqlite

_numbers = itertools.count(1)

GROUPS = ("credits", "mail", "sandbox", "users", "webhooks")
ADA = "ada@example.com"
FILE = ("-o", "-")

# All they do is look.
READING = {
    "credits audit": (),
    "credits backup": ("-o", "backup.db"),
    "credits balance": (ADA,),
    "credits checkpoint": FILE,
    "credits doctor": (),
    "credits export": FILE,
    "credits grants": (),
    "credits history": (ADA,),
    "credits purchases": (),
    "credits report": (),
    "credits verify": (),
    "mail list": (),
    "mail show": ("1",),
    "users export": (ADA,),
    "users list": (),
    "users show": (ADA,),
    "webhooks list": (),
    "webhooks show": ("msg_1",),
}
# One serves a stand-in, which has a database of its own; the other leaves its line in a new one.
NEITHER = {"sandbox run", "credits move-database"}


def paid(order, payment_id, webhook_id=None, **changes):
    body = payment_event(order, payment_id=payment_id, business_id="bus_sandbox", **changes)
    settle(body | {"business_id": "bus_sandbox"}, webhook_id)
    return payment_id


def a_waiting_payment(shop):
    order = shop.order(shop.user())
    return (paid(order, shop.pay(order), total_amount=1),)


def a_stray_payment(shop):
    order = shop.order(shop.user())
    stray = paid(order, shop.pay(order), metadata={}, checkout_session_id=None)
    return stray, order.id


def a_request(who):
    decision = Decision(f"{who}@elsewhere", "much")
    return str(grants.give(make_user(0), 500, "bonus", decision, above=100).id)


def somebody(*, disabled=False):
    email = f"somebody{next(_numbers)}@example.com"
    user = make_user(0, email=email)
    if disabled:
        closing.disable(user, Decision("ops@elsewhere", "for a while"))
    return email


def a_failed_mail():
    user, key = make_user(0), f"mail-{next(_numbers)}"
    with transaction() as session:
        mails._queue(session, user, "password_changed", key=key)
    return str(db.session.scalar(db.select(Mail.id).order_by(Mail.id.desc()).limit(1)))


def a_lost_payment(shop):
    shop.pay(shop.order(shop.user()))
    return ()


# What each is called with, once there is something for it to change.
CHANGING = {
    "credits grant": lambda shop: (ADA, "5"),
    "credits adjust": lambda shop: (ADA, "-5"),
    "credits approve": a_waiting_payment,
    "credits reject": a_waiting_payment,
    "credits attach": a_stray_payment,
    "credits refund": lambda shop: (shop.bought()[2],),
    "credits approve-grant": lambda shop: (a_request("alice"),),
    "credits reject-grant": lambda shop: (a_request("bob"),),
    "credits reconcile": a_lost_payment,
    "credits release-holds": lambda shop: overdue_hold(make_user(5)) and (),
    "credits stress": lambda shop: ("--processes", "1", "--balance", "2"),
    "credits tick": lambda shop: overdue_hold(make_user(5)) and (),
    "credits worker": lambda shop: overdue_hold(make_user(5)) and (),
    "mail retry": lambda shop: (a_failed_mail(),),
    "mail send": lambda shop: (),
    "users create": lambda shop: ("new@example.com", "--password", "long enough"),
    "users disable": lambda shop: (somebody(),),
    "users enable": lambda shop: (somebody(disabled=True),),
    "users erase": lambda shop: (somebody(), "--yes"),
    "users reset-link": lambda shop: (somebody(),),
    "webhooks replay": lambda shop: ("msg_1",),
}
EXIT_CODES = {
    "credits reconcile": (0, 1),  # the payments of tests are not all known to Dodo
    "users erase": (0, 1),  # a second time there is nobody by that address
}
WITHOUT_KEY = {"credits worker"}  # whose restart has to work


def commands(app):
    return {
        f"{group} {name}": command
        for group in GROUPS
        if group in app.cli.commands
        for name, command in app.cli.commands[group].commands.items()
    }


def lines():
    db.session.remove()
    return list(db.session.scalars(db.select(OperatorAction)))


@pytest.fixture
def one_round(monkeypatch):
    """A worker works once, and leaves the test's signals alone."""

    class Once(threading.Event):
        def wait(self, timeout=None):
            self.set()

    monkeypatch.setattr(reconciling.threading, "Event", Once)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def ada(shop):
    user = make_user(50, email=ADA)
    paid(make_purchase(user), "pay_1", "msg_1")
    return user


@on_sqlite
def test_every_command_is_known_to_read_or_to_change(app):
    found = commands(app)
    assert READING.keys() | CHANGING.keys() | NEITHER == found.keys()
    assert not READING.keys() & CHANGING.keys()
    for name in CHANGING:
        options = {option for each in found[name].params for option in each.opts}
        assert "--reason" in options and ("--key" in options or name in WITHOUT_KEY), name
    for name, command in found.items():
        assert isinstance(command, click.Command) and command.help, name


@on_sqlite
@pytest.mark.usefixtures("one_round", "ada")
def test_who_changes_something_leaves_a_line_and_who_reads_none(
    shop, flask, database_url, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    db.session.remove()
    before = contents(database_url)
    for name, words in READING.items():
        assert flask(*name.split(), *words).exit_code in (0, 1), name
    after = contents(database_url)
    assert len(after.pop("proofs")) == 1  # what `credits verify` found is kept
    assert before.pop("proofs") == [] and after == before
    actor = f"{pwd.getpwuid(os.geteuid()).pw_name}@{socket.gethostname()}"
    for name, prepare in CHANGING.items():
        words = (*name.split(), *prepare(shop), "--reason", "because")
        words += () if name in WITHOUT_KEY else ("--key", name.replace(" ", "-"))
        known = {line.id for line in lines()}
        answer = flask(*words)
        assert answer.exit_code in EXIT_CODES.get(name, (0,)), (name, answer.output)
        (line,) = (line for line in lines() if line.id not in known)
        assert (line.command, line.actor, line.reason) == (name, actor, "because")
        if name not in WITHOUT_KEY:
            assert flask(*words).exit_code in EXIT_CODES.get(name, (0,)), name
            assert len(lines()) == len(known) + 1, name


@on_sqlite
@pytest.mark.usefixtures("one_round", "ada")
def test_what_can_leave_no_line_changes_nothing(shop, flask, database_url, monkeypatch):
    def refuse(*_args):
        raise ServiceError("no line can be written")

    for name, prepare in CHANGING.items():
        words = (*name.split(), *prepare(shop), "--reason", "because")
        db.session.remove()
        before = contents(database_url)
        with monkeypatch.context() as broken:
            broken.setattr(audit, "_line", refuse)
            answer = flask(*words)
        assert "no line can be written" in answer.stderr, (name, answer.output)
        after = contents(database_url)
        if name == "webhooks replay":  # that it failed is kept
            before["webhook_events"] = after["webhook_events"] = []
        assert after == before, name


def test_the_trail_can_be_read_by_time_and_by_person(shop, flask):
    user, _order, payment_id = shop.bought()
    email = f"buyer{user}@example.com"
    db.session.execute(db.text(f"UPDATE users SET email = '{email}' WHERE id = {user}"))
    db.session.commit()
    make_user(0, email=ADA)
    db.session.remove()
    flask("credits", "grant", ADA, "1", "--reason", "for\x1b[1m Ada")
    flask("credits", "grant", email, "2", "--reason", "for the buyer")
    flask("credits", "refund", payment_id, "--reason", "wrong order", "--key", "k")

    def reasons(*words):
        found = json.loads(flask("credits", "audit", "--json", *words).stdout)["actions"]
        return [line["reason"] for line in found]

    assert reasons() == ["for\\x1b[1m Ada", "for the buyer", "wrong order"]
    assert reasons("--subject", email) == ["for the buyer", "wrong order"]
    assert reasons("--since", "2999-01-01") == []
    assert flask("credits", "audit", "--subject", "nobody@example.com").exit_code == 1
    printed = flask("credits", "audit").stdout
    assert printed.count("\n") == 3 and "\x1b" not in printed


@on_sqlite
@pytest.mark.usefixtures("ada", "as_root")
def test_under_sudo_the_person_is_named_and_the_environment_names_nobody(flask, monkeypatch):
    host, user = socket.gethostname(), "root"
    names = {
        "alice": f"alice@{host} as {user}",
        "al ice\n": f"al_ice\\n@{host} as {user}",
        user: f"{user}@{host}",
    }
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    for name, actor in names.items():
        monkeypatch.setenv("SUDO_USER", name)
        flask("credits", "grant", ADA, "1", "--reason", name)
        assert [line.actor for line in lines() if line.reason == name.strip()] == [actor]
    assert [audit.person(actor) for actor in names.values()] == ["alice", "al_ice\\n", user]
    assert audit.person("alice@corp.example@host as root") == "alice@corp.example"


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_who_signed_in_is_named_and_a_variable_is_believed_of_root_alone(
    flask, monkeypatch, tmp_path
):
    daemon, signed_in = pwd.getpwuid(1).pw_name, pwd.getpwuid(2).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    monkeypatch.setenv("SUDO_USER", "mallory")
    kept = tmp_path / "loginuid"
    monkeypatch.setattr(common, "LOGIN_UID", kept)
    for uid, actor in (("4294967295", daemon), ("2", f"{signed_in} as {daemon}"), ("1", daemon)):
        kept.write_text(uid)
        flask("credits", "grant", ADA, "1", "--reason", uid)
        (line,) = [line for line in lines() if line.reason == uid]
        assert line.actor.replace(f"@{socket.gethostname()}", "") == actor
