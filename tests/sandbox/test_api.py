"""What the API refuses, how it pages, and where it lets the app be mounted."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from dodopayments import BadRequestError, NotFoundError
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from creditsapp.sandbox import create_sandbox

from .conftest import API_KEY, PRODUCT, SECRET, Sandbox


@pytest.fixture
def api(app: Flask) -> Any:
    """A test client; `call` sends the key along."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {API_KEY}"
    return client


@pytest.fixture
def open_app(tmp_path: Path) -> Flask:
    """A sandbox that takes any key, and sends webhooks to its own port."""
    return create_sandbox(
        database=tmp_path / "open.sqlite",
        api_key=None,
        webhook_secret=SECRET,
        webhook_url=None,
        controls_prefix="",
    )


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic eDp5", "Bearer é"])
def test_a_missing_or_wrong_key_is_refused(app: Flask, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = app.test_client().get("/payments", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "UNAUTHORIZED")
    assert answer.headers["X-Dodo-Sandbox"] == "1"


@pytest.mark.parametrize(
    ("key", "status"), [("anything", 200), ("dodo_live_abc", 401), ("dodo_test_abc", 401)]
)
def test_an_open_sandbox_takes_any_key_but_real_ones(
    open_app: Flask, key: str, status: int
) -> None:
    answer = open_app.test_client().get("/payments", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == status


CART = [{"product_id": PRODUCT, "quantity": 1}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "INVALID_REQUEST_BODY"),
        ({"product_cart": []}, "PRODUCT_CART_EMTPY"),
        ({"product_cart": [7]}, "INVALID_REQUEST_BODY"),
        ({"product_cart": [{"product_id": PRODUCT}]}, "INVALID_REQUEST_BODY"),
        ({"product_cart": [{"product_id": PRODUCT, "quantity": 0}]}, "INVALID_REQUEST_BODY"),
        ({"product_cart": [{"product_id": PRODUCT, "quantity": True}]}, "INVALID_REQUEST_BODY"),
        ({"product_cart": [{"product_id": PRODUCT, "quantity": 10**9}]}, "INVALID_REQUEST_BODY"),
        ({"product_cart": [{"product_id": "pdt_x", "quantity": 1}]}, "MISSING_PRODUCT_INFORMATION"),
        ({"product_cart": CART, "return_url": "javascript:x"}, "INVALID_REQUEST_BODY"),
        ({"product_cart": CART, "return_url": "http://a;b/"}, "INVALID_REQUEST_BODY"),
        ({"product_cart": CART, "customer": {"email": "nobody"}}, "INVALID_REQUEST_BODY"),
        ({"product_cart": CART, "metadata": {"a b": "c"}}, "INVALID_REQUEST_BODY"),
        ({"product_cart": CART, "metadata": {"a": []}}, "INVALID_REQUEST_BODY"),
        (
            {"product_cart": CART, "metadata": {f"k{n}": "v" for n in range(51)}},
            "MAXIMUM_KEYS_REACHED",
        ),
        ({"product_cart": CART, "billing_address": {"country": "XX"}}, "UNSUPPORTED_COUNTRY"),
    ],
)
def test_a_wrong_checkout_is_refused(api: Any, body: Any, code: str) -> None:
    answer = api.post("/checkouts", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, code)


@pytest.mark.parametrize(
    "raw",
    ["{", "[]", '"x"', "\xff", '{"email": NaN}', '{"metadata": {"a": 1e999}}', "[" * 99999]
    + ['{"email": "\\ud800@a.b", "name": "n"}', '{"email": ' + "9" * 5000 + "}"],
)
@pytest.mark.parametrize("path", ["/customers", "/checkouts", "/refunds", "/webhooks"])
def test_bad_json_is_refused(api: Any, path: str, raw: str) -> None:
    answer = api.post(path, data=raw.encode("latin-1"), content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (422, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize(
    "query", ["page_size=101", "page_size=0", "page_number=-1", "page_number=x", "created_at_gte=x"]
)
def test_a_wrong_query_is_refused(api: Any, query: str) -> None:
    assert api.get(f"/payments?{query}").status_code == 422


@pytest.mark.parametrize(
    "path", ["customers", "checkouts", "payments", "refunds", "disputes", "products", "webhooks"]
)
def test_an_unknown_id_is_not_found(api: Any, path: str) -> None:
    answer = api.get(f"/{path}/nothing")
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_an_unknown_customer_cannot_check_out(sandbox: Sandbox) -> None:
    with pytest.raises(NotFoundError):
        sandbox.checkout(customer={"customer_id": "cus_nobody"})


def test_a_checkout_attaches_to_the_newest_customer_with_the_address(sandbox: Sandbox) -> None:
    sandbox.sdk.customers.create(email="ann@example.com", name="First")
    newest = sandbox.sdk.customers.create(email="ann@example.com", name="Second")
    sandbox.paid()
    [payment] = sandbox.sdk.payments.list(customer_id=newest.customer_id).items
    assert payment.customer.name == "Second"
    assert len(sandbox.sdk.customers.list(email="ann@example.com").items) == 2


def test_pages_begin_at_zero_and_show_each_payment_once(sandbox: Sandbox) -> None:
    made = [sandbox.paid(quantity) for quantity in range(1, 13)]
    pages = [sandbox.sdk.payments.list(page_number=number).items for number in range(3)]
    assert [len(page) for page in pages] == [10, 2, 0]
    assert [row.payment_id for page in pages for row in page] == made[::-1]


def test_refunds_and_disputes_are_listed_in_pages_newest_first(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid(12)
    for _ in range(12):
        sandbox.control(f"payments/{payment_id}/refund", amount=1)
        sandbox.control(f"payments/{payment_id}/dispute", status="dispute_opened")
    for listing in (sandbox.sdk.refunds.list, sandbox.sdk.disputes.list):
        pages = [listing(page_number=number).items for number in range(3)]
        assert [len(page) for page in pages] == [10, 2, 0]
        times = [row.created_at for page in pages for row in page]
        assert times == sorted(times, reverse=True)
        assert listing(page_size=100).items == pages[0] + pages[1]
        between = listing(created_at_gte=times[5], created_at_lte=times[2]).items
        assert [row.created_at for row in between] == times[2:6]


def test_payments_are_filtered(sandbox: Sandbox) -> None:
    sandbox.paid()
    sandbox.pay(sandbox.checkout(), "4000000000000002")
    list_payments = sandbox.sdk.payments.list
    [failed] = list_payments(status="failed").items
    assert len(list_payments(created_at_gte=failed.created_at).items) == 1
    assert len(list_payments(created_at_lte=failed.created_at).items) == 2
    assert len(list_payments(product_id=PRODUCT, currency="USD").items) == 2
    assert list_payments(product_id="pdt_other").items == []
    assert list_payments(subscription_id="sub_x").items == []


def test_refunds_are_partial_then_full_then_refused(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    item = sandbox.sdk.payments.retrieve_line_items(payment_id).items[0].items_id
    part = [{"item_id": item, "amount": 200}]
    refund = sandbox.sdk.refunds.create(payment_id=payment_id, items=part)
    assert (refund.amount, refund.is_partial, refund.status) == (200, True, "succeeded")
    assert sandbox.sdk.payments.retrieve(payment_id).refund_status == "partial"
    with pytest.raises(BadRequestError, match="REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT"):
        sandbox.sdk.refunds.create(payment_id=payment_id, items=[{"item_id": item, "amount": 301}])
    with pytest.raises(BadRequestError, match="LINE_ITEM_NOT_FOUND"):
        sandbox.sdk.refunds.create(payment_id=payment_id, items=[{"item_id": "x"}])
    assert sandbox.sdk.refunds.create(payment_id=payment_id).amount == 300
    payment = sandbox.sdk.payments.retrieve(payment_id)
    assert (payment.refund_status, len(payment.refunds)) == ("full", 2)
    with pytest.raises(BadRequestError, match="PAYMENT_ALREADY_REFUNDED"):
        sandbox.sdk.refunds.create(payment_id=payment_id)


def test_a_refund_without_its_tax_gets_the_tax_added(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid(tax_rate="20")
    part = [{"item_id": PRODUCT, "amount": 100, "tax_inclusive": False}]
    assert sandbox.sdk.refunds.create(payment_id=payment_id, items=part).amount == 120


def test_a_failed_payment_cannot_be_refunded(sandbox: Sandbox) -> None:
    sandbox.pay(sandbox.checkout(), "4000000000000002")
    [failed] = sandbox.sdk.payments.list().items
    with pytest.raises(BadRequestError, match="PAYMENT_NOT_SUCCEEDED"):
        sandbox.sdk.refunds.create(payment_id=failed.payment_id)


def test_below_another_app_every_address_keeps_the_mount(open_app: Flask) -> None:
    client = Client(DispatcherMiddleware(Flask("shop"), {"/sandbox": open_app}))
    answer = client.post(
        "/sandbox/checkouts",
        json={"product_cart": CART},
        headers={"Authorization": "Bearer any"},
        base_url="http://shop.test:8000",
        environ_overrides={"SERVER_NAME": "0.0.0.0", "SERVER_PORT": "8000"},
    )
    session_id = answer.json["session_id"]
    assert answer.json["checkout_url"] == f"http://shop.test:8000/sandbox/session/{session_id}"
    page = client.get(f"/sandbox/session/{session_id}").text
    assert f'action="/sandbox/session/{session_id}"' in page
    assert 'href="/sandbox/static/sandbox.' in page
    assert client.get("/sandbox/").status_code == 200
    with open_app.extensions["sandbox"].store.reading() as tx:
        session = tx.get("session", session_id)
    assert session["webhook_url"] == "http://127.0.0.1:8000/api/webhooks/dodo"


def test_without_an_address_webhooks_go_to_the_port_that_was_asked(open_app: Flask) -> None:
    answer = open_app.test_client().get(
        "/webhooks",
        headers={"Authorization": "Bearer any"},
        environ_overrides={"SERVER_NAME": "::1", "SERVER_PORT": "5000"},
    )
    assert answer.json["data"][0]["url"] == "http://[::1]:5000/api/webhooks/dodo"


def test_errors_of_the_server_itself_are_json(sandbox: Sandbox) -> None:
    answer = httpx.put(f"{sandbox.url}/payments", trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]


def test_below_another_app_no_control_hides_behind_the_api(open_app: Flask) -> None:
    adapter = open_app.url_map.bind("shop.test")
    for rule in open_app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", "x", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert adapter.match(path, method)[0] == rule.endpoint, f"{method} {path}"
