"""Coming in where the address is to be confirmed first."""

import re

import pytest

from creditsapp.services import accounts, ledger
from tests.builders import PASSWORD, csrf_token
from tests.databases import contents, execute, on_sqlite
from tests.mailbox import link, mails
from tests.views.forms import is_signed_in, send, sign_in

pytestmark = on_sqlite


@pytest.fixture
def app(make_app):
    return make_app(welcome_requires_verified_email=True)


def apply(client, email="ada@example.com", password=PASSWORD, **more):
    return send(client, "/auth/register", email=email, password=password, **more)


def confirm(client, path):
    return send(client, path)


def test_the_link_makes_the_account_pays_the_credits_and_signs_in(app, client):
    answer = apply(client, "Ada@Example.com", name="Ada")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/auth/sent/register")
    assert "We sent you a mail" in client.get("/auth/sent/register").text
    assert sign_in(client).status_code == 422
    path = link(app, "ada@example.com")
    assert client.get(path).status_code == client.head(path).status_code == 200
    assert not is_signed_in(client)  # a mail scanner opened it
    assert confirm(client, path).headers["Location"] == "/studio/"
    assert "You begin with 50 credits." in client.get("/studio/").text
    assert client.get("/api/credits/balance").json["balance"] == 50
    assert "not confirmed" not in client.get("/auth/account").text
    assert sign_in(app.test_client()).status_code == 303


def test_a_link_works_once(app, client):
    apply(client)
    path = link(app, "ada@example.com")
    confirm(client, path)
    again = app.test_client().get(path)
    assert again.status_code == 410 and "used already" in again.text


def test_a_link_is_too_old_after_a_day(app, client, database_url):
    apply(client)
    path = link(app, "ada@example.com")
    execute(database_url, "UPDATE account_links SET expires_at = '2020-01-01 00:00:00.000000'")
    late = client.get(path)
    assert late.status_code == 410 and "too old" in late.text
    token = csrf_token(client.get("/auth/login").text)
    assert client.post(path, data={"csrf_token": token}).status_code == 422
    assert not is_signed_in(client)


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@example.com"])
def test_a_taken_address_looks_like_a_free_one_and_only_the_mail_says_so(app, spelling):
    owner = app.test_client()
    apply(owner)
    confirm(owner, link(app, "ada@example.com"))
    pages = []
    for email in (spelling, "free@example.com"):
        visitor = app.test_client()
        answer = apply(visitor, email, "another password")
        shown = visitor.get(answer.headers["Location"])
        pages.append((answer.status_code, answer.data, shown.status_code, shown.data))
    assert pages[0] == pages[1]
    taken, free = mails(app)[-2:]
    assert "You have an account already" in taken[1] and "/auth/verify/" not in taken[1]
    assert free[0] == "free@example.com" and "/auth/verify/" in free[1]
    assert sign_in(app.test_client()).status_code == 303
    for email in (spelling, "free@example.com"):  # nor does trying the password tell
        assert sign_in(app.test_client(), email, "another password").status_code == 422


def test_who_confirms_in_another_browser_shows_to_know_the_password(app, client):
    """A stranger who registered somebody else's address would know that account's password."""
    apply(app.test_client(), password="what a stranger chose")
    path = link(app, "ada@example.com")
    assert "Password that you chose" in client.get(path).text
    for fields in ({}, {"password": ""}, {"password": PASSWORD}):
        refused = send(client, path, **fields)
        assert refused.status_code == 422 and not is_signed_in(client)
    apply(client)
    assert confirm(client, link(app, "ada@example.com")).status_code == 303
    assert sign_in(app.test_client()).status_code == 303
    assert sign_in(app.test_client(), password="what a stranger chose").status_code == 422


def test_the_password_confirms_in_another_browser(app, client):
    apply(client)
    phone = app.test_client()
    answer = send(phone, link(app, "ada@example.com"), password=PASSWORD)
    assert answer.headers["Location"] == "/studio/" and is_signed_in(phone)


def test_two_links_for_one_address_make_one_account(app, client):
    apply(client, password="the first one")
    first = link(app, "ada@example.com")
    apply(client, password="the second one")
    second = link(app, "ada@example.com")
    assert first != second
    confirm(client, second)
    late = send(app.test_client(), first, password="the first one")
    assert late.status_code == 422 and "an account with this address already" in late.text
    assert sign_in(app.test_client(), password="the second one").status_code == 303
    assert sign_in(app.test_client(), password="the first one").status_code == 422


def test_the_second_spelling_of_a_mailbox_gets_an_account_without_credits(app, client):
    apply(client, "ada.lovelace@gmail.com")
    confirm(client, link(app, "ada.lovelace@gmail.com"))
    other = app.test_client()
    apply(other, "adalovelace+2@googlemail.com")
    confirm(other, link(app, "adalovelace+2@googlemail.com"))
    page = other.get("/studio/").text
    assert "You have had welcome credits before" in page
    assert other.get("/api/credits/balance").json["balance"] == 0
    assert "another spelling" in other.get("/auth/account").text


def test_a_deleted_account_can_be_made_again_without_credits(app, client, database_url):
    apply(client, name="Ada")
    confirm(client, link(app, "ada@example.com"))
    with app.app_context():
        user_id = accounts.by_email("ada@example.com").id
    answer = send(client, "/auth/delete", current_password="wrong")
    assert answer.status_code == 422 and is_signed_in(client)
    assert send(client, "/auth/delete", current_password=PASSWORD).status_code == 303
    assert "Your account is deleted." in client.get("/").text
    assert "ada@example.com" not in repr(contents(database_url))
    assert sign_in(client).status_code == 422
    apply(client)
    confirm(client, link(app, "ada@example.com"))
    assert client.get("/api/credits/balance").json["balance"] == 0
    with app.app_context():
        assert accounts.by_email("ada@example.com").id != user_id
        assert ledger.balance(user_id).balance == 50


def test_a_network_has_so_many_welcome_credits_a_day(make_app):
    app = make_app(welcome_requires_verified_email=True, welcome_credits_per_network=2)
    balances = []
    for number, place in enumerate(["10.1.1.1", "10.1.1.99", "10.1.1.7", "10.1.2.1"]):
        visitor = app.test_client()
        visitor.environ_base["REMOTE_ADDR"] = place
        apply(visitor, f"ada{number}@example.com")
        confirm(visitor, link(app, f"ada{number}@example.com"))
        balances.append(visitor.get("/api/credits/balance").json["balance"])
    assert balances == [50, 50, 0, 50]


def test_pages_with_a_token_are_for_nobody_else(app, client):
    apply(client)
    for path in (link(app, "ada@example.com"), "/auth/verify/x", "/auth/reset/x"):
        answer = client.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_mail_and_the_account_are_in_the_readers_language(app, client):
    page = client.get("/auth/register?lang=de")
    fields = {"csrf_token": csrf_token(page.text), "email": "ada@example.com"}
    client.post("/auth/register", data=fields | {"password": PASSWORD})
    confirm(client, link(app, "ada@example.com"))
    with app.app_context():
        assert accounts.by_email("ada@example.com").language == "de"


def test_no_token_stands_in_the_database(app, client, database_url):
    apply(client)
    token = link(app, "ada@example.com").rpartition("/")[2]
    execute(database_url, "UPDATE mails SET text = NULL")
    assert token not in repr(contents(database_url))
    assert re.fullmatch(r"[\w-]{64}", token)
