"""Accounts in the browser."""

import pytest

from tests.builders import PASSWORD, csrf_token, register
from tests.databases import contents


def send(client, path, **fields):
    page = client.get(path)
    return client.post(path, data={"csrf_token": csrf_token(page.text)} | fields)


def sign_in(client, email="ada@example.com", password=PASSWORD, path="/auth/login", **more):
    return send(client, path, email=email, password=password, **more)


def test_registering_signs_in_with_welcome_credits(client):
    answer = register(client, "Ada@Example.com")
    assert answer.headers["Location"].endswith("/studio/")
    page = client.get("/studio/").text
    assert "50" in page and "credits" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "", "password": PASSWORD},
        {"email": "no address", "password": PASSWORD},
        {"email": "a@b", "password": PASSWORD},
        {"email": "nul\0@example.com", "password": PASSWORD},
        {"email": "a@example.com", "password": "short"},
        {"email": "a@example.com", "password": "x" * 129},
        {"email": "a@example.com", "password": ""},
        {"email": "a@example.com", "password": PASSWORD, "name": "x" * 121},
    ],
)
def test_a_registration_that_does_not_do_is_shown_again(client, database_url, fields):
    before = contents(database_url)
    answer = send(client, "/auth/register", **fields)
    assert answer.status_code == 422
    assert contents(database_url) == before


def test_a_taken_address_is_a_form_error_and_keeps_what_was_typed(app, client, database_url):
    register(client, "ada@example.com")
    before = contents(database_url)
    other = app.test_client()
    answer = send(other, "/auth/register", email="ADA@example.com", password=PASSWORD, name="Ada")
    assert answer.status_code == 422
    assert "already" in answer.text and 'value="ADA@example.com"' in answer.text
    assert contents(database_url) == before


def test_welcome_credits_can_wait_for_a_verified_address(make_app):
    client = make_app(welcome_requires_verified_email=True).test_client()
    register(client)
    assert client.get("/api/credits/balance").json["balance"] == 0


def test_signing_in_goes_where_the_visitor_was_going(app, client):
    register(client, "ada@example.com")
    visitor = app.test_client()
    sent = visitor.get("/credits/?before=7")
    assert sent.status_code == 302
    answer = sign_in(visitor, path=sent.headers["Location"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/credits/?before=7")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "http:evil.example",
    ],
)
def test_signing_in_never_leaves_the_site(app, client, target):
    register(client, "ada@example.com")
    visitor = app.test_client()
    page = visitor.get("/auth/login", query_string={"next": target})
    answer = visitor.post(
        "/auth/login",
        query_string={"next": target},
        data={
            "csrf_token": csrf_token(page.text),
            "email": "ada@example.com",
            "password": PASSWORD,
        },
    )
    assert answer.headers["Location"] == "/studio/"


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("no address", "x")],
)
def test_a_failed_sign_in_does_not_say_what_was_wrong(app, client, email, password):
    register(client, "ada@example.com")
    answer = sign_in(app.test_client(), email, password)
    assert answer.status_code == 422
    assert "address or the password is not right" in answer.text


def test_signing_out_ends_the_session(client):
    register(client)
    token = csrf_token(client.get("/studio/").text)
    assert client.post("/auth/logout", data={"csrf_token": token}).status_code == 303
    assert client.get("/api/credits").status_code == 401


def test_a_changed_password_ends_other_sessions(app, client):
    register(client, "ada@example.com")
    elsewhere = app.test_client()
    sign_in(elsewhere)
    assert elsewhere.get("/api/credits").status_code == 200
    answer = send(
        client, "/auth/account", current_password=PASSWORD, new_password="another password"
    )
    assert answer.status_code == 303
    assert client.get("/api/credits").status_code == 200
    assert elsewhere.get("/api/credits").status_code == 401
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), password="another password").status_code == 303


def test_the_current_password_is_needed_for_another(client):
    register(client)
    answer = send(client, "/auth/account", current_password="wrong one", new_password="long enough")
    assert answer.status_code == 422


def test_an_expired_form_keeps_what_was_typed(client):
    answer = client.post(
        "/auth/register", data={"csrf_token": "old", "email": "ada@example.com", "password": "x"}
    )
    assert answer.status_code == 422
    assert 'value="ada@example.com"' in answer.text


def test_cookies_are_kept_from_scripts_and_other_sites(make_app):
    app = make_app(app_base_url="https://credits.example.com")
    client = app.test_client()
    page = client.get("/auth/register", base_url="https://credits.example.com")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert page.headers["Strict-Transport-Security"]
