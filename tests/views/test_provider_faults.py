"""Buying while Dodo is broken in every way: said in words, charged to nobody, in ten seconds."""

import threading
import time

import pytest

from creditsapp.dodo import breaker
from creditsapp.extensions import db
from creditsapp.models import Purchase
from creditsapp.services import checkout
from tests.builders import csrf_token, register
from tests.dodo.server import answer, dodo_server
from tests.servers import free_port

CUSTOMER = answer({"customer_id": "cus_1"})
SESSION = {"session_id": "cks_1", "checkout_url": "https://checkout.dodopayments.com/session/cks_1"}
SLOW = 60
FAULTS = {
    "slow": answer(SESSION, wait=SLOW),
    "trickling headers": answer(SESSION, **{"X-Trickle": "yes"}),
    "a trickling body": answer(SESSION, **{"X-Trickle-Body": "yes"}),
    "hanging up": answer(SESSION, **{"X-Drop": "yes"}),
    "too many requests": answer({}, 429, **{"Retry-After": "60"}),
    "a key that is refused": answer({"code": "UNAUTHORIZED"}, 401),
    "a server error": answer({}, 500),
    "a page of a proxy": answer(b"<html>Bad gateway</html>", 502, **{"Content-Type": "text/html"}),
    "HTML and 200": answer(b"<html>hello</html>", **{"Content-Type": "text/html"}),
    "half of the JSON": answer(b'{"session_id": "cks_1", "checko'),
    "less than announced": answer(SESSION, **{"Content-Length": "9999"}),
    "a list": answer([SESSION]),
    "wrong types": answer({"session_id": 1, "checkout_url": ["https://dodopayments.com"]}),
    "no session": answer(SESSION | {"session_id": None}),
    "a foreign address": answer(SESSION | {"checkout_url": "https://evil.example/cks_1"}),
    "a script": answer(SESSION | {"checkout_url": "javascript:alert(1)"}),
    "a redirect": answer({}, 302, Location="https://evil.example/"),
}


@pytest.fixture
def dodo():
    """A Dodo in good health."""
    with dodo_server() as server:
        server.routes = {"/customers": CUSTOMER, "/checkouts": answer(SESSION)}
        yield server


@pytest.fixture
def app(make_app, dodo):
    return make_app(dodo_payments_base_url=dodo.url)


@pytest.fixture
def hurry(monkeypatch):
    """What is refused in the end is refused sooner."""
    monkeypatch.setattr(checkout, "BUDGET_SECONDS", 2.0)


@pytest.fixture
def little_for_the_customer(monkeypatch):
    """Only the customer's part is short: a busy machine still has time for the checkout."""
    monkeypatch.setattr(checkout, "CUSTOMER_SECONDS", 0.5)


def buy(client):
    """Buy on the page."""
    token = csrf_token(client.get("/credits/purchase").text)
    fields = {"csrf_token": token, "form_key": str(time.monotonic()), "dollar_amount": "5"}
    return client.post("/credits/purchase", data=fields)


def post(client, path, body):
    token = csrf_token(client.get("/credits/").text)
    return client.post(path, json=body, headers={"X-CSRFToken": token})


def statuses(app):
    with app.app_context():
        return [each.status for each in db.session.scalars(db.select(Purchase))]


def assert_refused_in_words(app, client):
    """Page and JSON say that nothing was charged, the orders failed, and credits still work."""
    before = client.get("/api/credits").json
    page, in_json = buy(client), post(client, "/api/credits/purchase", {"dollarAmount": 5})
    assert (page.status_code, in_json.status_code) == (503, 503)
    assert "does not answer just now. Nothing was charged" in page.text
    assert 'name="dollar_amount" value="5"' in page.text
    assert in_json.json["error"] == "provider_unavailable"
    assert "Nothing was charged" in in_json.json["message"]
    assert statuses(app) == ["failed", "failed"]
    assert client.get("/api/credits").json == before
    assert post(client, "/api/operations/theme_generation", {"prompt": "sea"}).status_code == 201
    assert client.get("/api/credits/balance").json["balance"] == before["balance"] - 1


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("fault", FAULTS)
def test_no_checkout_is_said_in_words_and_changes_nothing(app, ada, dodo, fault):
    dodo.routes["/checkouts"] = FAULTS[fault]
    assert_refused_in_words(app, ada)


@pytest.mark.usefixtures("hurry")
def test_nobody_listening_is_said_in_words_and_changes_nothing(make_app):
    app = make_app(dodo_payments_base_url=f"http://127.0.0.1:{free_port()}")
    client = app.test_client()
    register(client)
    assert_refused_in_words(app, client)


@pytest.mark.usefixtures("little_for_the_customer")
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "too many requests"])
def test_without_a_customer_it_goes_on_to_the_checkout(app, ada, dodo, fault):
    dodo.routes["/customers"] = FAULTS[fault]
    assert (buy(ada).status_code, statuses(app)) == (303, ["pending"])
    (_method, _path, order) = dodo.requests[-1]
    assert order["customer"]["email"] == "ada@example.com"


def test_the_whole_request_takes_ten_seconds_at_the_most(ada, dodo):
    """Both calls are slow, each in its own way."""
    dodo.routes = {"/customers": FAULTS["trickling headers"], "/checkouts": FAULTS["slow"]}
    began = time.monotonic()
    assert buy(ada).status_code == 503
    assert 8 < time.monotonic() - began < 10


@pytest.mark.parametrize("first", ["a server error", "hanging up", "a page of a proxy"])
def test_a_failure_that_passes_is_not_noticed(app, ada, dodo, first):
    dodo.routes = {}
    dodo.answers = [FAULTS[first], CUSTOMER, FAULTS[first], answer(SESSION)]
    bought = buy(ada)
    assert (bought.status_code, bought.headers["Location"]) == (303, SESSION["checkout_url"])
    assert statuses(app) == ["pending"]


def test_a_short_wait_that_dodo_asks_for_is_not_noticed(app, ada, dodo):
    dodo.routes = {}
    dodo.answers = [CUSTOMER, answer({}, 429, **{"Retry-After": "1"}), answer(SESSION)]
    assert (buy(ada).status_code, statuses(app)) == (303, ["pending"])


def test_balance_ledger_and_spending_work_while_dodo_is_waited_for(app, ada, dodo, monkeypatch):
    monkeypatch.setattr(checkout, "BUDGET_SECONDS", 4.0)
    dodo.routes["/checkouts"] = FAULTS["slow"]
    buyer, answers = app.test_client(), []
    register(buyer)
    buying = threading.Thread(target=lambda: answers.append(buy(buyer)))
    buying.start()
    while "/checkouts" not in dodo.paths():
        time.sleep(0.01)
    assert post(ada, "/api/operations/theme_generation", {"prompt": "sea"}).status_code == 201
    for path in ("/credits/", "/api/credits", "/api/credits/balance", "/readyz"):
        assert ada.get(path).status_code == 200
    assert buying.is_alive()
    buying.join()
    assert answers[0].status_code == 503


def test_a_dodo_that_keeps_failing_is_left_alone_and_bought_from_again_when_well(
    app, ada, dodo, monkeypatch
):
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 2)
    for path in ("/customers", "/checkouts"):
        dodo.routes[path] = FAULTS["a server error"]
    assert [buy(ada).status_code for _ in range(3)] == [503] * 3
    assert len(dodo.requests) == breaker.FAILURES
    dodo.routes = {"/customers": CUSTOMER, "/checkouts": answer(SESSION)}
    time.sleep(2)
    assert [buy(ada).status_code, len(dodo.requests)] == [303, breaker.FAILURES + 2]
    assert statuses(app) == ["failed"] * 3 + ["pending"]


def test_a_dodo_that_asks_for_a_minute_is_not_asked_by_anybody(app, ada, dodo):
    dodo.routes["/checkouts"] = FAULTS["too many requests"]
    assert buy(ada).status_code == 503
    asked = len(dodo.requests)
    other = app.test_client()
    register(other)
    assert buy(other).status_code == 503
    assert len(dodo.requests) == asked
