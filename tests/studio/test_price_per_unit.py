"""An operation with a price per unit, from its price in words to its entry in the ledger."""

from decimal import Decimal

import pytest

from creditsapp.prices import Price
from creditsapp.settings import SettingsError
from creditsapp.studio.operation import InvalidInput, Result, TextField, operation
from creditsapp.studio.operations import OPERATIONS
from tests.builders import csrf_token, register
from tests.databases import contents

PER_PAGE = Price("0.2", per="page", step=1)


def pages_of(values):
    if values["text"] == "unreadable":
        raise InvalidInput({"text": "This cannot be read."})
    return values["text"].count("page")


def define(cost=PER_PAGE, quantity=pages_of):
    @operation(
        title="Scan",
        action="Scan pages",
        noun=("scan", "scans"),
        summary="Reads pages.",
        cost=cost,
        fields=[TextField("text", "Text", max_length=10_000)],
        quantity=quantity,
    )
    def scan(text):
        if "torn" in text:
            raise InvalidInput({"text": "A page is torn."})
        return Result("Scanned", "text/plain", "txt", text.encode())

    return scan


@pytest.fixture
def site(make_app, monkeypatch):
    """An app with the operation, and a signed-in visitor of it."""

    def make(price=None, **settings):
        monkeypatch.setitem(OPERATIONS, "scan", define())
        costs = {"SCAN": price} if price else {}
        client = make_app(credit_costs=costs, **settings).test_client()
        register(client)
        client.csrf = csrf_token(client.get("/studio/").text)
        return client

    return make


def scan(client, pages, **headers):
    return client.post(
        "/api/operations/scan",
        json={"text": "page " * pages},
        headers={"X-CSRFToken": client.csrf} | headers,
    )


def scan_by_form(client, text):
    return client.post("/studio/scan", data={"csrf_token": client.csrf, "text": text})


def test_what_the_units_come_to_is_charged_and_told(site):
    client = site()
    answer = scan(client, 7)
    assert (answer.status_code, answer.json["cost"], answer.json["creditsRemaining"]) == (
        201,
        2,
        48,
    )
    answer = scan_by_form(client, "page " * 11)
    assert answer.status_code == 303
    assert ">3 credits<" in client.get(answer.headers["Location"]).text
    newest = client.get("/api/credits").json["transactions"][0]
    assert (newest["amount"], newest["operation"], newest["balanceAfter"]) == (-3, "scan", 45)


def test_a_key_replays_what_was_charged(site):
    client = site()
    key = {"Idempotency-Key": "k"}
    assert scan(client, 7, **key).json == scan(client, 7, **key).json
    assert scan(client, 8, **key).status_code == 422


def test_the_price_per_unit_is_said_wherever_a_price_is(site):
    client = site()
    said = "0.2 credits per page, rounded up to whole credits"
    form = client.get("/studio/scan").text
    assert f'Scan pages, <span class="price">{said}</span>' in form
    assert 'data-remote-cost-value=""' in form and "left after it" not in form
    assert f"<strong>{said}</strong>" in client.get("/studio/").text
    assert f"Scan, {said}</li>" in client.get("/credits/").text
    buying = client.get("/credits/purchase").text
    assert "50 themes" in buying and "scans" not in buying
    assert said in client.application.test_client().get("/").text


def test_an_operator_sets_another_price_per_unit_or_a_flat_one(site):
    client = site(Price("0.5", per="page"))
    assert "0.5 credits per page" in client.get("/studio/scan").text
    assert scan(client, 3).json["cost"] == 1.5
    client = site(Price("2.5"))
    assert "2.5 credits" in client.get("/studio/scan").text
    assert scan(client, 30).json["cost"] == 2.5


def test_a_price_per_unit_can_be_the_cheapest(site):
    client = site(Price("0.5", per="page"), initial_free_credits=Decimal("0.6"))
    assert "You have 0.6 welcome" in client.get("/studio/").text
    page = client.get("/studio/").text
    assert "The first thing to try costs 0.5 credits per page." in page
    assert '<a class="button" href="/studio/scan">Scan pages</a>' in page
    assert "Scan, 0.5 credits per page" in client.get("/credits/").text


def test_where_all_prices_are_per_unit_credits_buy_anything(site, monkeypatch):
    for name in reversed(list(OPERATIONS)):  # put back in their order
        monkeypatch.delitem(OPERATIONS, name)
    client = site()
    assert "50 credits still buy anything in the studio." in " ".join(
        client.get("/credits/purchase").text.split()
    )
    for page in ("/studio/", "/studio/scan", "/credits/"):
        assert client.get(page).status_code == 200


def test_more_than_there_is_is_refused_with_what_is_missing(site, database_url):
    client = site()
    before = contents(database_url)
    answer = scan(client, 300)
    assert (answer.status_code, answer.json["required"], answer.json["missing"]) == (402, 60, 10)
    page = scan_by_form(client, "page " * 300)
    assert page.status_code == 402 and "60 credits" in page.text
    assert contents(database_url) == before


def test_no_units_and_input_that_cannot_be_counted_are_refused(site, database_url):
    client = site()
    before = contents(database_url)
    answer = scan_by_form(client, "nothing")
    assert answer.status_code == 400 and "There is nothing to work on." in answer.text
    assert scan_by_form(client, "unreadable").status_code == 422
    headers = {"X-CSRFToken": client.csrf}
    for text, field in (("nothing", None), ("unreadable", "text")):
        answer = client.post("/api/operations/scan", json={"text": text}, headers=headers)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input")
        assert field in answer.json.get("fields", {None})
    assert contents(database_url) == before


def test_work_that_fails_costs_nothing(site):
    client = site()
    assert scan_by_form(client, "page torn").status_code == 422
    assert client.get("/api/credits/balance").json["available"] == 50


def test_an_operation_that_counts_nothing_has_no_price_per_unit():
    with pytest.raises(TypeError, match="scan: a price per page needs quantity="):
        define(quantity=None)


@pytest.mark.parametrize(
    ("costs", "line"),
    [
        ({"IMAGE_GENERATION": PER_PAGE}, "CREDIT_COSTS.IMAGE_GENERATION: is per page"),
        ({"SCAN": Price(1, per="word")}, "CREDIT_COSTS.SCAN: is per word; it must be flat or per"),
    ],
)
def test_a_price_per_unit_that_an_operation_cannot_count_is_refused_at_the_start(
    make_app, monkeypatch, costs, line
):
    monkeypatch.setitem(OPERATIONS, "scan", define())
    with pytest.raises(SettingsError, match=line):
        make_app(credit_costs=costs)


def test_an_operation_with_a_flat_price_may_count_for_an_operator(make_app, monkeypatch):
    monkeypatch.setitem(OPERATIONS, "scan", define(cost=5))
    client = make_app(credit_costs={"SCAN": Price(1, per="page")}).test_client()
    register(client)
    client.csrf = csrf_token(client.get("/studio/").text)
    assert scan(client, 3).json["cost"] == 3
