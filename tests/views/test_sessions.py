"""Sessions from sign-in to their end, which is on the server, whoever has a copy of the cookie."""

import time

import pytest

from creditsapp.security import REMEMBERED, SHORT
from creditsapp.services import accounts, closing, sessions
from creditsapp.services.audit import Decision
from tests.builders import PASSWORD, csrf_token, register
from tests.databases import execute, on_sqlite
from tests.views.forms import is_signed_in, press, send, sign_in

pytestmark = on_sqlite
HOUR, DAY = 3600, 86400


def copied(app, client):
    """Somebody else with the same cookie."""
    thief = app.test_client()
    thief.set_cookie("session", client.get_cookie("session").value)
    assert is_signed_in(thief)
    return thief


@pytest.mark.parametrize(
    ("act", "stays"),
    [
        (lambda client: press(client, "/auth/logout"), False),
        (lambda client: press(client, "/auth/sign-out-everywhere"), False),
        (
            lambda client: send(
                client, "/auth/account", current_password=PASSWORD, new_password="a new password"
            ),
            True,
        ),
        (lambda client: send(client, "/auth/delete", current_password=PASSWORD), False),
    ],
    ids=["sign out", "everywhere", "password", "delete"],
)
def test_a_stolen_cookie_is_dead_after_its_owner_ends_it(app, act, stays):
    ada = app.test_client()
    register(ada, "ada@example.com")
    thief = copied(app, ada)
    assert act(ada).status_code == 303
    assert not is_signed_in(thief)
    assert is_signed_in(ada) == stays


def test_signing_out_ends_this_session_and_no_other(app):
    ada, phone = app.test_client(), app.test_client()
    register(ada, "ada@example.com")
    sign_in(phone)
    press(ada, "/auth/logout")
    assert is_signed_in(phone)
    press(phone, "/auth/sign-out-everywhere")
    assert not is_signed_in(phone)


def test_a_disabled_user_is_out_at_once_and_cannot_come_in_until_enabled(app):
    ada = app.test_client()
    register(ada, "ada@example.com")
    decision = Decision("op", "a test")
    with app.app_context():
        user_id = accounts.by_email("ada@example.com").id
        closing.disable(user_id, decision)
    assert not is_signed_in(ada)
    assert sign_in(app.test_client()).status_code == 422
    with app.app_context():
        closing.enable(user_id, decision)
    assert not is_signed_in(ada)
    assert sign_in(app.test_client()).status_code == 303


def test_signing_in_begins_a_session_that_nobody_knew(app):
    ada = app.test_client()
    register(ada, "ada@example.com")
    press(ada, "/auth/logout")
    ada.get("/auth/login")
    with ada.session_transaction() as planted:
        planted.update(sid="planted", flag=1)
    before = csrf_token(ada.get("/auth/login").text)
    sign_in(ada)
    with ada.session_transaction() as session:
        assert session["sid"] != "planted" and "flag" not in session
    assert ada.post("/auth/name", data={"csrf_token": before, "name": "X"}).status_code == 422


@pytest.mark.parametrize(
    ("remember", "began", "seen", "alive"),
    [
        ("", 11 * HOUR, 11 * HOUR, True),
        ("", 13 * HOUR, 13 * HOUR, False),
        ("", 7 * DAY - 60, 60, True),
        ("", 7 * DAY + 60, 60, False),
        ("y", 13 * DAY, 13 * DAY, True),
        ("y", 15 * DAY, 15 * DAY, False),
        ("y", 30 * DAY + 60, 60, False),
    ],
)
def test_a_session_gets_too_old_by_rest_and_by_age(app, remember, began, seen, alive):
    ada = app.test_client()
    register(ada, "ada@example.com")
    ada = app.test_client()
    sign_in(ada, **({"remember": remember} if remember else {}))
    at = int(time.time())
    with ada.session_transaction() as session:
        session.update(began=at - began, seen=at - seen)
    assert is_signed_in(ada) == alive


def test_only_a_person_keeps_a_session_awake_and_polls_do_not(app):
    ada = app.test_client()
    register(ada)
    long_ago = int(time.time()) - HOUR
    with ada.session_transaction() as session:
        session["seen"] = long_ago

    def seen():
        with ada.session_transaction() as session:
            return session["seen"]

    ada.get("/api/credits/balance")
    assert seen() == long_ago
    assert "Set-Cookie" in ada.get("/credits/").headers
    assert seen() > long_ago
    assert "Set-Cookie" not in ada.get("/credits/").headers


def test_a_remembered_cookie_outlives_the_browser_and_another_does_not(app):
    ada = app.test_client()
    register(ada, "ada@example.com")
    assert ada.get_cookie("session").expires is None
    phone = app.test_client()
    sign_in(phone, remember="y")
    left = phone.get_cookie("session").expires.timestamp() - time.time()
    assert abs(left - REMEMBERED.idle.total_seconds()) < 60
    assert REMEMBERED.idle > SHORT.idle and phone.get_cookie("remember_token") is None


def test_what_was_signed_out_of_is_forgotten_once_no_cookie_could_name_it(app, database_url):
    ada = app.test_client()
    register(ada)
    press(ada, "/auth/logout")
    with app.app_context():
        assert sessions.forget_old() == 0
        execute(database_url, "UPDATE ended_sessions SET forget_at = '2020-01-01 00:00:00.000000'")
        assert sessions.forget_old() == 1
