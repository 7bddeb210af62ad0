"""The main journeys, with everything logged that there is: no secret is in it."""

import logging
import re

import httpx
import pytest
from sqlalchemy import text

from creditsapp import tokens
from creditsapp.auth import views
from creditsapp.extensions import db
from creditsapp.models import AccountLink, Purchase
from creditsapp.reticence import without_secrets
from creditsapp.services import accounts
from tests.builders import PASSWORD, csrf_token, deliver, payment_event
from tests.databases import on_postgresql, on_sqlite
from tests.dodo.server import answer, dodo_server
from tests.servers import WEBHOOK_SECRET, Servers

ADA, NEW_PASSWORD = "ada.secret@example.com", "a new battery staple"
SESSION = {"session_id": "cks_1", "checkout_url": "https://checkout.dodopayments.com/session/cks_1"}
SECRETS = {
    "an address": ADA,
    "a password": PASSWORD,
    "a new password": NEW_PASSWORD,
    "a name": "Ada Secret",
    "the key of Dodo": "dodo-secret-key",
    "the secret of webhooks": WEBHOOK_SECRET,
    "the secret of cookies": "a secret of the tests",
    "the mail server's password": "mail-secret",
    "what somebody made": "a secret sea",
    "what a webhook carried": "raw-payload",
    "what a mail says": "set a new password",
    "a hash": "argon2id",
}


@pytest.fixture
def app(make_app):
    with dodo_server() as dodo:
        dodo.routes = {
            "/customers": answer({"code": "TAKEN", "message": f"{ADA} is a customer"}, 422),
            "/checkouts": answer(SESSION),
        }
        yield make_app(
            dodo_payments_environment="test_mode",
            dodo_payments_base_url=dodo.url,
            dodo_payments_api_key="dodo-secret-key",
            dodo_credits_product_id="pdt_1",
            welcome_requires_verified_email=False,
            mail_url="smtp://mailer:mail-secret@127.0.0.1:9",
            app_base_url="https://credits.example.com",
        )


@pytest.fixture
def browser(app):
    """It keeps its cookies, and sends the token of each form."""

    class Browser:
        http = app.test_client()

        def post(self, path, status=303, **fields):
            page = self.http.get(path, base_url=BASE).text
            form = {"csrf_token": csrf_token(page)} | fields
            headers = {"Referer": BASE + path}
            answer = self.http.post(path, data=form, base_url=BASE, headers=headers)
            assert answer.status_code == status, answer.text
            return answer

    return Browser()


BASE = "https://credits.example.com"


@on_postgresql
def test_no_log_tells_a_secret(app, browser, caplog, capfd, monkeypatch):
    caplog.set_level(logging.DEBUG)
    browser.post("/auth/register", email=ADA, password=PASSWORD, name="Ada Secret")
    browser.post("/studio/theme_generation", prompt="a secret sea")
    browser.post("/credits/purchase", dollar_amount="5", status=303)
    browser.post("/auth/account", 422, current_password="wrong", new_password=NEW_PASSWORD)
    cookies = [cookie.value for cookie in browser.http._cookies.values()]

    with monkeypatch.context() as broken:
        broken.setattr(views.accounts, "change_name", insert_again)
        browser.post("/auth/name", 500, name="Ada Secret")
        broken.setattr(views.accounts, "change_name", insert_half)
        browser.post("/auth/name", 500, name="Ada Secret")

    stranger = browser.http = app.test_client()
    browser.post("/auth/login", 422, email=ADA, password=NEW_PASSWORD)
    browser.post("/auth/forgot", email=ADA)
    app.extensions["postman"].finish()
    with app.app_context():
        links = db.session.scalars(db.select(AccountLink.id).where(AccountLink.purpose == "reset"))
        reset = tokens.token(links.one())
        db.session.remove()
    assert stranger.get(f"/auth/reset/{reset[:-4]}AAAA", base_url=BASE).status_code >= 400
    page = stranger.get(f"/auth/reset/{reset}", base_url=BASE).text
    fields = set(re.findall(r'name="(\w*password\w*)"', page))
    browser.post(f"/auth/reset/{reset}", **dict.fromkeys(fields, NEW_PASSWORD))
    browser.post("/auth/login", email=ADA, password=NEW_PASSWORD)

    with app.app_context():
        order = purchase_of(accounts.by_email(ADA).id)
    body = payment_event(
        order, customer={"customer_id": "cus_1", "email": ADA, "name": "raw-payload"}
    )
    assert deliver(stranger, body, secret="whsec_" + "A" * 32).status_code == 401
    with monkeypatch.context() as broken:
        broken.setattr("creditsapp.services.webhooks._apply", insert_again)
        assert deliver(stranger, body).status_code == 500
    assert deliver(stranger, body).status_code == 200
    app.test_cli_runner().invoke(args=["mail", "send"])

    logged = caplog.text + capfd.readouterr().err
    for event in ("request ", " failed", "DETAIL: <a row>", "a webhook was not accepted", "TAKEN"):
        assert event in logged
    secrets = SECRETS | {"a link's token": reset, "a cookie": max(cookies, key=len)}
    assert [what for what, secret in secrets.items() if secret in logged] == []


def insert_again(*_args):
    columns = "email, name, password_hash, session_version, language, created_at"
    db.session.execute(text(f"INSERT INTO users ({columns}) SELECT {columns} FROM users"))


def insert_half(*_args):
    words = "INSERT INTO users (email, name) VALUES (:email, :email)"
    db.session.execute(text(words), {"email": ADA})


def purchase_of(user_id):
    return db.session.scalar(db.select(Purchase).where(Purchase.user_id == user_id))


CUT = {
    "mail to Ada+x@mail.example.co.uk: no": "mail to <address>: no",
    "GET /?email=a%40b.example": "GET /?email=<address>",
    "postgresql://credits:pw@127.0.0.1/x": "postgresql://credits:<address>/x",
    "/auth/reset/" + "aB3_" * 16 + "?x": "/auth/reset/<token>?x",
    "key whsec_MfKQ9r8GKY/+= and Bearer ab.c": "key whsec_<key> and Bearer <key>",
    "$argon2id$v=19$m=8,t=1$c2FsdA$aGFzaA": "<hash>",
    "refused\nDETAIL:  Key (name)=(Ada)\nCONTEXT": "refused\nDETAIL: <a row>\nCONTEXT",
}
LEFT = (
    "request 1a2b3c failed",
    "webhook msg_2KZ failed: pay_v2m83gPhX4OsusbeOsB5c",
    "hold 123e4567-e89b-12d3-a456-426614174000 is left to expire",
    "tests/test_a_function_with_a_name_of_more_than_forty_letters.py",
)


def test_what_may_be_a_secret_is_cut_out_and_the_rest_is_left():
    for words, cut in CUT.items():
        assert without_secrets(words) == cut
    for words in LEFT:
        assert without_secrets(words) == words
    for hostile in (
        "a" * 100_000,
        "a-" * 50_000,
        "a@" * 50_000,
        "A1" * 50_000 + "@",
        "a." * 50_000,
    ):
        without_secrets(hostile)  # without end, where a pattern looks back and forth


def test_a_line_that_does_not_fit_its_arguments_breaks_nothing(app, caplog):
    logging.getLogger("another library").warning("%d items", "many")
    assert "does not fit" in caplog.text or "do not fit" in caplog.text


def test_a_row_of_several_lines_is_cut_out_whole():
    words = "ERROR: duplicate\nDETAIL: Key (a)=(one\ntwo secrets\nthree)\nHINT: none"
    assert without_secrets(words) == "ERROR: duplicate\nDETAIL: <a row>\nHINT: none"


@on_sqlite
@pytest.mark.processes
def test_gunicorns_own_logs_hold_no_token_and_no_query(database_url, tmp_path):
    servers = Servers(database_url, tmp_path)
    servers.environment["GUNICORN_CMD_ARGS"] = "--access-logfile=- --log-level=debug --workers=1"
    token = "aB3_" * 16
    with servers.app_alone():
        headers = {"Referer": f"{servers.url}/auth/verify/{token}", "Cookie": "session=c00kie"}
        answer = httpx.get(f"{servers.url}/auth/reset/{token}?q=sought", headers=headers)
        assert answer.status_code == 410
    (log,) = (path.read_text() for path in tmp_path.glob("gunicorn.log"))
    assert '"GET /auth/reset/<token> HTTP/1.1" 410' in log
    for secret in (token, "sought", "c00kie"):
        assert secret not in log
