"""The secret key is changed while people are signed in, have a form open, a link in their mail."""

import pytest

from tests.builders import PASSWORD, csrf_token, register
from tests.databases import on_sqlite
from tests.mailbox import link
from tests.views.forms import is_signed_in, send

pytestmark = on_sqlite


@pytest.fixture
def before(make_app):
    """What somebody has from the app while it had its old key: cookies, a form, a link."""
    app = make_app(secret_key="the old key")
    ada = app.test_client()
    register(ada, "ada@example.com")
    form = csrf_token(ada.get("/auth/name").text)
    send(app.test_client(), "/auth/forgot", email="ada@example.com")
    return ada.get_cookie("session").value, form, link(app, "ada@example.com")


def after(make_app, cookie, **settings):
    ada = make_app(secret_key="the new key", **settings).test_client()
    ada.set_cookie("session", cookie)
    return ada


def test_what_a_key_before_has_signed_is_good(make_app, before):
    cookie, form, reset = before
    ada = after(make_app, cookie, secret_key_fallbacks="an older key, the old key")
    assert is_signed_in(ada)
    renamed = ada.post("/auth/name", data={"csrf_token": form, "name": "Ada"})
    assert renamed.status_code == 303
    stranger = ada.application.test_client()
    assert send(stranger, reset, new_password="another password").status_code == 303


def test_what_a_key_has_signed_that_is_gone_is_nothing(make_app, before):
    cookie, form, reset = before
    ada = after(make_app, cookie)
    assert not is_signed_in(ada)
    assert ada.get(reset).status_code >= 400
    fields = {"csrf_token": form, "email": "ada@example.com", "password": PASSWORD}
    assert ada.post("/auth/login", data=fields).status_code == 422


def test_who_comes_while_both_are_good_stays_signed_in_without_the_old_one(make_app, before):
    cookie, _form, _reset = before
    ada = after(make_app, cookie, secret_key_fallbacks="the old key")
    send(ada, "/auth/account", current_password=PASSWORD, new_password="another password")
    moved = after(make_app, ada.get_cookie("session").value)
    assert is_signed_in(moved)
