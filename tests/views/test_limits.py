"""What is done too often waits, costs nothing, and works again when it was said to."""

import logging
import time

import pytest

from creditsapp import limits
from creditsapp.services import ledger
from tests.builders import PASSWORD, csrf_token, deliver, make_user, register
from tests.databases import contents, on_sqlite
from tests.redis_server import running_redis
from tests.servers import free_port
from tests.views.seen import visible

pytestmark = on_sqlite


class Clock:
    """The limits' time, which can be put forward."""

    ahead = 0

    def time(self):
        return time.time() + self.ahead


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr("limits.storage.memory.time", found)
    monkeypatch.setattr("creditsapp.limits.time", found)
    return found


@pytest.fixture
def people(app):
    """Ada and Bob."""
    with app.app_context():
        return [make_user(email=f"{name}@example.com") for name in ("ada", "bob")]


def signs_in(client, email="ada@example.com", password="a wrong one", **more):
    """The answer to an attempt to sign in; one form is good for many."""
    if not hasattr(client, "token"):
        client.token = csrf_token(client.get("/auth/login").text)
    fields = {"csrf_token": client.token, "email": email, "password": password}
    return client.post("/auth/login", data=fields, **more)


def seconds(answer):
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"])


def test_ten_wrong_passwords_close_an_account_for_a_quarter_of_an_hour(people, client, clock):
    for email in ("ada@example.com", "nobody@example.com"):
        for _ in range(10):
            wrong = signs_in(client, email)
            assert wrong.status_code == 422 and "Retry-After" not in wrong.headers
    known = signs_in(client, "ADA@example.com ", PASSWORD)
    unknown = signs_in(client, "nobody@example.com", PASSWORD)
    assert 890 <= seconds(known) <= 901 and 890 <= seconds(unknown) <= 901
    assert "Try again in 15 minutes." in visible(known.text)
    typed = 'value="ADA@example.com "', 'value="nobody@example.com"'
    assert all(value in page.text for value, page in zip(typed, (known, unknown), strict=True))
    assert visible(known.text) == visible(unknown.text)
    clock.ahead += seconds(known) - 3
    assert 1 <= seconds(signs_in(client, password=PASSWORD)) <= 4
    clock.ahead += 4
    assert signs_in(client, password=PASSWORD).status_code == 303


def test_only_failures_count_and_a_success_clears_none(app, people, client, monkeypatch):
    fewer = limits.Limit("fewer", client="5 per 15 minutes", email="10 per 15 minutes")
    monkeypatch.setattr(limits, "sign_in", fewer)
    for name in ("ada", "bob", "ada", "bob", "ada"):
        assert signs_in(app.test_client(), "bob@example.com", PASSWORD).status_code == 303
        assert signs_in(client, f"{name}@example.com").status_code == 422
    assert seconds(signs_in(client, password=PASSWORD)) > 800
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert signs_in(client, password=PASSWORD, environ_base=elsewhere).status_code == 303


def test_an_expired_form_is_no_failure(people, client):
    for _ in range(11):
        assert signs_in(client, email="").status_code == 422
        client.post("/auth/login", data={"email": "ada@example.com", "password": PASSWORD})
    assert signs_in(client).status_code == 422


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1"),
        ("no address", "\u00e9" * 300, "192.0.2.1"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_the_new_kind(app, address, same, other):
    def key(found):
        with app.test_request_context(environ_base={"REMOTE_ADDR": found}):
            return limits._client()

    assert key(address) == key(same) != key(other)


JSON = {"json": {"prompt": "sea"}}
ACTS = {
    "register": ("/auth/register", {"data": {"email": "new@example.com", "password": PASSWORD}}),
    "sign_in": ("/auth/login", {"data": {"email": "ada@example.com", "password": PASSWORD}}),
    "password": (
        "/auth/account",
        {"data": {"current_password": PASSWORD, "new_password": "a longer one"}},
    ),
    "purchase": ("/credits/purchase", {"data": {"dollar_amount": "7", "form_key": "k"}}),
    "purchase by JSON": ("/api/credits/purchase", {"json": {"dollarAmount": 7}}),
    "provider": ("/credits/portal", {"data": {}}),
    "provider's invoice": (f"/credits/purchases/{'0' * 36}/invoice", {}),
    "operation": ("/studio/theme_generation", {"data": {"prompt": "a deep sea"}}),
    "operation by JSON": ("/api/operations/theme_generation", JSON),
    "read": ("/api/credits/balance", {}),
    "reset": ("/auth/forgot", {"data": {"email": "ada@example.com"}}),
    "mail": ("/auth/resend", {"data": {}}),
    "mail to another address": (
        "/auth/email",
        {"data": {"email": "new@example.com", "current_password": PASSWORD}},
    ),
    "password to leave": ("/auth/delete", {"data": {"current_password": PASSWORD}}),
    "link": ("/auth/verify/x", {}),
    "link to a new password": ("/auth/reset/x", {}),
}
KEPT = ("new@example.com", "ada@example.com", 'value="7"', "a deep sea")


@pytest.mark.parametrize("act", ACTS)
def test_what_is_refused_changes_nothing_and_keeps_what_was_typed(
    client, database_url, monkeypatch, act
):
    register(client, "ada@example.com")
    token = csrf_token(client.get("/studio/").text)
    before = contents(database_url)
    name = act.replace("'", " ").split()[0]
    monkeypatch.setattr(limits, name, limits.Limit(f"closed {name}", client="0 per hour"))
    path, sent = ACTS[act]
    if "data" in sent:
        sent = {"data": sent["data"] | {"csrf_token": token}}
    if not sent:
        answer = client.get(path)
    else:
        answer = client.post(path, headers={"X-CSRFToken": token}, **sent)
    assert 1 <= seconds(answer) <= 3601
    assert contents(database_url) == before
    if path.startswith("/api/"):
        assert set(answer.json) == {"error", "message"}
        assert answer.json["error"] == "too_many_requests"
    else:
        assert "Nothing was done" in answer.text or "Nothing." in answer.text
        assert "hour" in visible(answer.text) or "second" in visible(answer.text)
        typed = [value for value in KEPT if value.strip('value="') in sent.get("data", {}).values()]
        assert all(value in answer.text for value in typed)


def test_spellings_of_one_mailbox_count_together(app, clock):
    statuses = []
    for number in range(11):
        visitor = app.test_client()
        token = csrf_token(visitor.get("/auth/register").text)
        fields = {"csrf_token": token, "email": f"v.i.c+{number}@gmail.com", "password": PASSWORD}
        statuses.append(visitor.post("/auth/register", data=fields).status_code)
    assert statuses == [303] * 10 + [429]


def test_operations_and_their_credits_are_bounded_by_the_minute(app, client, monkeypatch):
    register(client, "ada@example.com")
    headers = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}
    monkeypatch.setattr(limits, "operation", limits.Limit("few", user="2 per minute"))
    answers = [
        client.post("/api/operations/theme_generation", headers=headers, **JSON) for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 429, 429]
    assert "Retry-After" not in answers[1].headers and 58 <= seconds(answers[3]) <= 61
    with app.app_context():
        found = ledger.balance(1)
    assert (found.balance, found.held) == (48, 0)


def test_webhooks_are_bounded_and_come_again(client, monkeypatch):
    monkeypatch.setattr(limits, "webhook", limits.Limit("one webhook", client="1 per minute"))
    body = {"type": "nothing.known", "timestamp": "2026-01-01T00:00:00Z", "data": {}}
    assert deliver(client, body).status_code == 200
    assert seconds(deliver(client, body)) >= 58


def test_the_longest_of_several_waits_is_told(people, client, monkeypatch):
    both = limits.Limit("both", client="1 per minute", email="1 per hour")
    monkeypatch.setattr(limits, "sign_in", both)
    assert signs_in(client).status_code == 422
    assert 3598 <= seconds(signs_in(client)) <= 3601


def test_while_redis_is_away_each_process_counts_alone(people, make_app, caplog):
    caplog.set_level(logging.INFO)
    port = free_port()
    with running_redis(port) as url:
        url += "?socket_timeout=30"  # as long as it is there
        app = make_app(ratelimit_storage_uri=url)
        client = app.test_client()
        for _ in range(10):
            assert signs_in(client).status_code == 422
        assert signs_in(client).status_code == 429
        assert signs_in(make_app(ratelimit_storage_uri=url).test_client()).status_code == 429
    statuses = [signs_in(client).status_code for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    told = [record.message for record in caplog.records if record.name == "flask-limiter"]
    assert told == ["Rate limit storage unreachable - falling back to in-memory storage"]
    with running_redis(port):
        deadline = time.monotonic() + 10
        while signs_in(client).status_code == 429 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert signs_in(client).status_code == 422
    assert "ada@" not in caplog.text
