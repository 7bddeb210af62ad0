"""Links in mails to somebody who has an account: a new password, the address, another address."""

import base64

import pytest

from creditsapp.services import accounts, closing, new_passwords, passwords
from creditsapp.services.audit import Decision
from tests.builders import PASSWORD, csrf_token, register
from tests.databases import contents, execute, on_sqlite
from tests.mailbox import link, mails
from tests.views.forms import is_signed_in, press, send, sign_in

pytestmark = on_sqlite
ADA = "ada@example.com"
NEW = "a new password"


@pytest.fixture(autouse=True)
def registered(client):
    """Ada has an account, and her browser is signed in."""
    register(client, ADA)


def ask(app, email=ADA):
    """Ask for a new password, signed out."""
    return send(app.test_client(), "/auth/forgot", email=email)


def subjects(app, to):
    return [text.partition("Subject: ")[2].splitlines()[0] for who, text in mails(app) if who == to]


def test_a_forgotten_password_is_set_by_a_link_that_ends_all_sessions(app, client):
    ask(app)
    path = link(app, ADA)
    visitor = app.test_client()
    page = visitor.get(path)
    assert 'autocomplete="new-password"' in page.text and ADA in page.text
    assert is_signed_in(client)
    refused = send(visitor, path, new_password="12345678")
    assert refused.status_code == 422 and "first that others would try" in refused.text
    answer = send(visitor, path, new_password=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/auth/login")
    assert not is_signed_in(visitor) and not is_signed_in(client)
    assert sign_in(visitor).status_code == 422
    assert sign_in(visitor, password=NEW).status_code == 303
    assert "not confirmed" not in visitor.get("/auth/account").text
    assert subjects(app, ADA)[-1] == "Your password was changed"
    assert visitor.get(path).status_code == 410


def test_nobody_learns_from_the_answer_whether_an_address_has_an_account(app):
    answers, pages = [], []
    for email in (ADA, "nobody@example.com", "no address"):
        visitor = app.test_client()
        answer = send(visitor, "/auth/forgot", email=email)
        answers.append((answer.status_code, answer.headers["Location"], answer.data))
        pages.append(visitor.get(answer.headers["Location"]).data)
    assert len(set(answers)) == len(set(pages)) == 1
    assert {who for who, _text in mails(app)} == {ADA}


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(app):
    def refused(email):
        visitor = app.test_client()
        page = sign_in(visitor, email, "a wrong password").text
        return page.replace(csrf_token(page), "").replace(email, "")

    assert refused(ADA) == refused("eva@example.com")


@pytest.mark.parametrize("closed", [closing.disable, closing.erase])
def test_an_account_that_is_closed_gets_no_link_and_its_links_are_dead(app, closed):
    ask(app)
    path = link(app, ADA)
    with app.app_context():
        closed(accounts.by_email(ADA).id, Decision("op", "a test"))
    before = len(mails(app))
    ask(app)
    assert len(mails(app)) == before
    answer = send(app.test_client(), "/auth/forgot", email=ADA)
    assert answer.status_code == 303
    assert app.test_client().get(path).status_code == 410


def test_a_changed_password_ends_the_links_that_were_sent_before(app, client):
    ask(app)
    send(client, "/auth/email", email="other@example.com", current_password=PASSWORD)
    paths = [link(app, ADA), link(app, "other@example.com")]
    assert [app.test_client().get(path).status_code for path in paths] == [200, 200]
    send(client, "/auth/account", current_password=PASSWORD, new_password=NEW)
    assert [app.test_client().get(path).status_code for path in paths] == [410, 410]


def spoiled(token):
    """Tokens that are not quite the token."""
    raw = base64.urlsafe_b64decode(token)
    other = raw[:-1] + bytes([raw[-1] ^ 1])
    yield base64.urlsafe_b64encode(other).decode()
    yield base64.urlsafe_b64encode(bytes(16) + raw[16:]).decode()
    yield base64.urlsafe_b64encode(raw[:32]).decode()
    yield from (token[:-4], token + "AAAA", token.swapcase(), "é", "%00", "%ff", "a" * 500, "..")


def test_a_token_that_was_tampered_with_or_is_for_something_else_is_worth_nothing(
    app, client, database_url
):
    ask(app)
    path = link(app, ADA)
    press(client, "/auth/resend")
    other = link(app, ADA)
    before = contents(database_url)
    visitor = app.test_client()
    form_token = csrf_token(visitor.get("/auth/login").text)
    wrong = [path.replace("/reset/", "/verify/"), other.replace("/verify/", "/reset/")]
    wrong += [f"/auth/reset/{token}" for token in spoiled(path.rpartition("/")[2])]
    for each in wrong:
        assert visitor.get(each).status_code in (404, 410), each
        answer = visitor.post(each, data={"csrf_token": form_token, "new_password": NEW})
        assert answer.status_code in (404, 405, 422), each
    assert contents(database_url) == before


def test_a_reset_is_too_late_after_an_hour_and_needs_the_form(app, database_url):
    ask(app)
    path = link(app, ADA)
    visitor = app.test_client()
    forged = visitor.post(path, data={"csrf_token": "x", "new_password": NEW})
    assert forged.status_code == 422 and "had expired" in forged.text
    execute(database_url, "UPDATE account_links SET expires_at = '2020-01-01 00:00:00.000000'")
    late = visitor.get(path)
    assert late.status_code == 410 and "/auth/forgot" in late.text
    assert sign_in(visitor).status_code == 303


def test_the_own_address_is_confirmed_by_a_button_and_the_link_sent_again(app, client):
    assert "not confirmed" in client.get("/auth/account").text
    assert press(client, "/auth/resend").status_code == 303
    path = link(app, ADA)
    assert "not confirmed" in client.get("/auth/account").text
    assert send(app.test_client(), path).status_code == 303
    assert "not confirmed" not in client.get("/auth/account").text
    assert client.get("/api/credits/balance").json["balance"] == 50
    before = len(mails(app))
    press(client, "/auth/resend")
    assert len(mails(app)) == before


def test_another_address_is_ones_own_once_its_link_was_opened(app, client):
    phone = app.test_client()
    sign_in(phone)
    for fields in (
        {"email": "ada2@example.com", "current_password": "wrong"},
        {"email": "no address", "current_password": PASSWORD},
        {"email": ADA.upper(), "current_password": PASSWORD},
    ):
        assert send(client, "/auth/email", **fields).status_code == 422
    send(client, "/auth/email", email="ada2@example.com", current_password=PASSWORD)
    path = link(app, "ada2@example.com")
    assert sign_in(app.test_client()).status_code == 303
    assert send(client, path).headers["Location"] == "/auth/account"
    assert is_signed_in(client) and not is_signed_in(phone)
    assert "ada2@example.com" in client.get("/auth/account").text
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), "ada2@example.com").status_code == 303
    assert subjects(app, ADA)[-1] == "Your e-mail address was changed"
    assert "ada2@example.com" not in mails(app)[-1][1]


@pytest.mark.parametrize(
    ("path", "fields"), [("/auth/email", {"email": "eve@example.com"}), ("/auth/delete", {})]
)
def test_a_password_that_changes_meanwhile_does_nothing_any_more(
    app, client, monkeypatch, path, fields
):
    matches = passwords.matches

    def matched_before_the_change(kept, typed):
        monkeypatch.setattr(passwords, "matches", matches)
        user = accounts.by_email(ADA).id
        right = matches(kept, typed)
        new_passwords.change(user, PASSWORD, "another password")
        return right

    token = csrf_token(client.get(path).text)
    monkeypatch.setattr(passwords, "matches", matched_before_the_change)
    answer = client.post(path, data={"csrf_token": token, "current_password": PASSWORD} | fields)
    assert answer.status_code == 422 and "changed at the same moment" in answer.text
    assert sign_in(app.test_client(), password="another password").status_code == 303
    assert [to for to, _text in mails(app) if to != ADA] == []


def test_an_address_that_another_account_has_stays_theirs(app, client):
    send(client, "/auth/email", email="bob@example.com", current_password=PASSWORD)
    path = link(app, "bob@example.com")
    bob = app.test_client()
    register(bob, "bob@example.com")
    late = send(client, path)
    assert late.status_code == 422 and "an account with this address already" in late.text
    said = send(client, "/auth/email", email="bob@example.com", current_password=PASSWORD)
    assert said.status_code == 303
    assert subjects(app, "bob@example.com")[-1] == "This address has an account already"
    assert ADA in client.get("/auth/account").text
