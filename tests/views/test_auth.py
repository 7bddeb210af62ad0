"""Accounts in the browser."""

import re
from gettext import NullTranslations
from urllib.parse import parse_qs, urlsplit

import pytest
from flask_babel import Domain

from tests.builders import PASSWORD, csrf_token, register
from tests.databases import contents
from tests.views.forms import send, sign_in


class Shouting(NullTranslations):
    """Another language, in which every text is written in capitals."""

    def ugettext(self, message):
        return re.sub(r"%\(\w+\)[SD]", lambda found: found[0].lower(), message.upper())

    def ungettext(self, one, other, number):
        return self.ugettext(one if number == 1 else other).replace("{N}", "{n}")


def main_of(answer):
    return re.search("<main.*</main>", answer.text, re.DOTALL).group()


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


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
@pytest.mark.parametrize(
    ("target", "onward"),
    [("", "/studio/"), ("?next=/credits/%3Fbefore%3D7", "/credits/?before=7")]
    + [("?next=//evil.example", "/studio/"), ("?next=/auth/login", "/auth/login")],
)
def test_who_is_signed_in_is_sent_on(client, path, target, onward):
    register(client)
    assert client.get(path + target).headers["Location"] == onward


@pytest.mark.parametrize(
    ("path", "other"), [("/auth/login", "/auth/register"), ("/auth/register", "/auth/login")]
)
def test_the_way_to_the_other_form_keeps_where_the_visitor_was_going(client, path, other):
    assert f'href="{other}?next=/credits/"' in client.get(f"{path}?next=/credits/").text
    assert "evil" not in main_of(client.get(f"{path}?next=//evil.example"))


def test_an_error_is_told_at_its_field_and_linked_from_the_summary(client):
    page = send(client, "/auth/register", email="no address", password=PASSWORD).text
    assert '<a href="#email">This does not look like an e-mail address.</a>' in page
    tag = re.search(r'<input[^>]*id="email"[^>]*>', page).group()
    assert 'aria-invalid="true"' in tag and "email-error" in tag


def test_a_pasted_password_is_not_cut_without_a_word(client):
    page = client.get("/auth/register").text
    password = re.search(r'<input[^>]*id="password"[^>]*>', page).group()
    assert "maxlength" not in password and 'minlength="8"' in password
    assert 'autocomplete="new-password"' in password
    toggle = re.search(r'<button class="secret-toggle"[^>]*>', page).group()
    assert " hidden" in toggle and 'type="button"' in toggle


def test_the_forms_speak_the_readers_language(client, monkeypatch):
    monkeypatch.setattr(Domain, "get_translations", lambda self: Shouting())
    answer = send(client, "/auth/register", email="no address", password="short")
    shown = re.sub("<[^>]+>", " ", main_of(answer))
    assert "E-MAIL ADDRESS" in shown and "A PASSWORD HAS 8 TO 128 CHARACTERS." in shown
    assert not re.search("[a-z]{3}", shown), shown


def named(client):
    return client.get("/auth/account").text.partition("<dd>")[2].partition("</dd>")[0]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ada Lovelace", "<bdi>Ada Lovelace</bdi>"),
        ("  Ada\u202e ", "<bdi>Ada</bdi>"),
        ("مریم می\u200cخواهد", "<bdi>مریم می\u200cخواهد</bdi>"),
        ("👩\u200d🚀", "<bdi>👩\u200d🚀</bdi>"),
        ("N" * 120, f"<bdi>{'N' * 120}</bdi>"),
        ("<b>Ada</b>", "<bdi>&lt;b&gt;Ada&lt;/b&gt;</bdi>"),
        ("", "Not given"),
        ("\u200d \u200c", "Not given"),
    ],
)
def test_a_name_is_changed(client, typed, shown):
    register(client)
    assert send(client, "/auth/name", name=typed).headers["Location"] == "/auth/account"
    assert "Your name is changed." in client.get("/auth/account").text
    assert named(client) == shown


def test_a_name_that_is_too_long_disturbs_nothing_else(client):
    register(client)
    send(client, "/auth/name", name="Ada")
    answer = send(client, "/auth/name", name="x" * 121)
    assert answer.status_code == 422
    assert '<a href="#name">A name has at most 120 characters.</a>' in answer.text
    assert f'value="{"x" * 121}"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert named(client) == "<bdi>Ada</bdi>"


def test_a_refused_password_leaves_the_form_of_the_name_alone(client):
    register(client)
    send(client, "/auth/name", name="Ada")
    answer = send(client, "/auth/account", current_password="wrong one", new_password="long enough")
    assert 'value="Ada"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert "wrong one" not in answer.text


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


@pytest.mark.parametrize(
    ("method", "path", "kept"),
    [
        ("GET", "/credits/?q=why?", "/credits/?q=why?"),
        ("HEAD", "/credits/", "/credits/"),
        ("POST", "/credits/purchase?dollars=9", "/credits/purchase?dollars=9"),
        ("POST", "/credits/portal", None),
    ],
)
def test_signing_in_leads_back_to_a_page_and_never_to_an_address_that_only_takes_forms(
    client, method, path, kept
):
    sent = client.open(path, method=method)
    assert parse_qs(urlsplit(sent.location).query).get("next") == (kept and [kept])
    said = "nothing was sent or charged" in client.get(sent.location).text
    assert said == (method == "POST")
