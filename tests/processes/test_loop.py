"""The whole loop over HTTP, as the script does it and as forms do it, against real processes."""

import json
import re
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.builders import csrf_token
from tests.databases import on_postgresql, on_sqlite

pytestmark = pytest.mark.processes

GOOD_CARD, BAD_CARD = "4242 4242 4242 4242", "4000 0000 0000 0002"


@pytest.fixture
def person(servers):
    """A signed-in browser without a script."""
    # A connection that waits is closed by the server, perhaps just when the next request is sent.
    fresh = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=servers.url, timeout=30, limits=fresh) as browser:
        token = csrf_token(browser.get("/auth/register").text)
        fields = {"email": "ada@example.com", "password": "correct horse", "csrf_token": token}
        answer = browser.post("/auth/register", data=fields)
        assert answer.status_code == 303, answer.text
        yield browser


def submit(browser, path, **fields):
    """Fill in the form of a page and send it."""
    page = browser.get(path)
    assert page.status_code == 200, page.text
    key = "idempotency_key" if path.startswith("/studio/") else "form_key"
    hidden = {key: re.search(f'name="{key}"[^>]*value="([^"]+)"', page.text)[1]}
    return browser.post(path, data={"csrf_token": csrf_token(page.text)} | hidden | fields)


def pay(browser, checkout_url, card):
    """Fill in the hosted checkout page."""
    assert browser.get(checkout_url).status_code == 200
    fields = {"number": card, "expiry": "12/34", "cvc": "123", "name": "Ada"}
    return browser.post(checkout_url, data=fields)


def wait_until_paid(browser, purchase_id):
    for _ in range(100):
        status = browser.get(f"/api/credits/purchases/{purchase_id}").json()
        if status["status"] == "paid":
            return status
        time.sleep(0.1)
    raise AssertionError(status)


def verified(servers):
    answer = servers.flask("credits", "verify", "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)["ok"]


def test_the_loop_through_the_json_interface(servers, person):
    headers = {"X-CSRFToken": csrf_token(person.get("/studio/").text)}

    def operate(name, **inputs):
        return person.post(f"/api/operations/{name}", json=inputs, headers=headers)

    assert person.get("/api/credits").json()["balance"] == 50
    assert operate("theme_generation", prompt="the sea").json()["creditsRemaining"] == 49
    for remaining in range(44, 0, -5):
        page = operate("document_conversion", text=f"# Hills {remaining}", format="html")
        assert page.json()["creditsRemaining"] == remaining
    refused = operate("image_generation", prompt="one more")
    assert (refused.status_code, refused.json()["missing"]) == (402, 1)

    order = person.post("/api/credits/purchase", json={"dollarAmount": 5}, headers=headers).json()
    assert order["creditAmount"] == 100
    declined = pay(person, order["checkoutUrl"], BAD_CARD)
    assert declined.status_code == 402
    assert person.get("/api/credits/balance").json()["balance"] == 4
    paid = pay(person, order["checkoutUrl"], GOOD_CARD)
    assert paid.status_code == 303 and paid.headers["location"].startswith(servers.url)
    assert wait_until_paid(person, order["purchaseId"])["balance"] == 104
    assert operate("image_generation", prompt="one more").json()["creditsRemaining"] == 99

    transactions = person.get("/api/credits").json()["transactions"]
    assert [entry["type"] for entry in transactions][:3] == ["usage", "purchase", "usage"]
    assert verified(servers)


@on_postgresql
def test_the_loop_by_forms_and_reloads(servers, person):
    made = submit(person, "/studio/theme_generation", prompt="the sea")
    assert made.status_code == 303
    page = person.get(made.headers["location"])
    assert page.status_code == 200
    assert (
        person.get(made.headers["location"] + "/download")
        .headers["content-type"]
        .startswith("text/css")
    )
    for number in range(9):
        fields = {"text": f"# Hills {number}", "format": "html"}
        assert submit(person, "/studio/document_conversion", **fields).status_code == 303
    refused = submit(person, "/studio/image_generation", prompt="one more hill")
    assert refused.status_code == 402
    assert "one more hill" in refused.text

    going = submit(
        person,
        "/credits/purchase",
        dollar_amount="5",
        next="/studio/image_generation?prompt=one+more+hill",
    )
    assert going.status_code == 303
    checkout = going.headers["location"]
    back = pay(person, checkout, GOOD_CARD).headers["location"]
    purchase_id = re.search("purchase=([^&]+)", back)[1]
    wait_until_paid(person, purchase_id)
    confirmed = person.get(back)
    assert (
        "100" in confirmed.text
        and "/studio/image_generation?prompt=one+more+hill" in confirmed.text
    )
    receipt = person.get(f"/credits/purchases/{purchase_id}")
    assert "$5.00" in receipt.text
    invoice = person.get(f"/credits/purchases/{purchase_id}/invoice")
    assert invoice.content.startswith(b"%PDF")
    portal = person.post("/credits/portal", data={"csrf_token": csrf_token(receipt.text)})
    assert "Customer portal" in person.get(portal.headers["location"]).text
    assert submit(person, "/studio/image_generation", prompt="one more hill").status_code == 303
    ledger = person.get("/credits/")
    assert "Today" in ledger.text
    assert verified(servers)


@on_sqlite
def test_cancelling_at_the_checkout_leaves_everything_as_it_was(servers, person):
    going = submit(person, "/credits/purchase", dollar_amount="5")
    page = person.get(going.headers["location"]).text
    cancel = re.search(r'href="([^"]*/credits/purchase\?cancelled=[^"]+)"', page)[1]
    assert urlsplit(cancel).port == servers.app_port
    assert person.get(cancel).status_code == 200
    assert person.get("/api/credits/balance").json()["balance"] == 50


@on_sqlite
def test_a_double_click_is_one_purchase(servers, person):
    page = person.get("/credits/purchase").text
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)[1]
    fields = {"csrf_token": csrf_token(page), "form_key": key, "dollar_amount": "5"}
    first, second = (person.post("/credits/purchase", data=fields) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
