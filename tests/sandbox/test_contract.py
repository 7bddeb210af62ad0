"""Every answer and webhook of the sandbox has the shape that Dodo publishes."""

import json
import re
from pathlib import Path
from typing import Any

import dodopayments
import httpx
import pytest
from dodopayments import DodoPayments
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .conftest import API_KEY, PRODUCT, Sandbox

SPEC = json.loads((Path(__file__).parents[1] / "data" / "dodo-schemas.json").read_text())
REGISTRY = Registry().with_resource("urn:dodo", DRAFT202012.create_resource(SPEC))


def check(value: Any, *path: str) -> None:
    """Validate a value against the schema at a path inside the specification."""
    pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
    schema = {"$ref": f"urn:dodo#/{pointer}"}
    Draft202012Validator(schema, registry=REGISTRY).validate(value)


def check_answer(response: httpx.Response) -> None:
    """Validate an answer against the operation that it belongs to."""
    path = response.request.url.path
    method = response.request.method.lower()
    route = next(
        route
        for route in sorted(SPEC["paths"], key=lambda route: route.count("{"))
        if method in SPEC["paths"][route] and re.fullmatch(re.sub(r"{\w+}", "[^/]+", route), path)
    )
    content = SPEC["paths"][route][method]["responses"][str(response.status_code)]["content"]
    assert response.headers["X-Dodo-Sandbox"] == "1"
    assert response.headers["Content-Type"] in content
    if "application/json" in content:
        response.read()
        where = ("paths", route, method, "responses", str(response.status_code), "content")
        check(response.json(), *where, "application/json", "schema")


def check_webhook(body: dict[str, Any]) -> None:
    """Validate a webhook, and that it has every key of the published example."""
    where = ("webhooks", body["type"], "post", "requestBody", "content", "application/json")
    check(body, *where, "schema")
    example = SPEC["webhooks"][body["type"]]["post"]["requestBody"]["content"]["application/json"]
    assert set(example["example"]["data"]) <= set(body["data"])
    assert example["example"]["data"]["payload_type"] == body["data"]["payload_type"]
    name = "".join(part.capitalize() for part in body["type"].split("."))
    parsed = getattr(dodopayments.types, f"{name}WebhookEvent").model_validate(body)
    assert parsed.type == body["type"]


@pytest.fixture
def strict(sandbox: Sandbox) -> DodoPayments:
    """The SDK, with every answer validated."""
    client = httpx.Client(event_hooks={"response": [check_answer]}, trust_env=False)
    sdk = DodoPayments(
        bearer_token=API_KEY,
        base_url=sandbox.url,
        max_retries=0,
        http_client=client,
        _strict_response_validation=True,
    )
    sandbox.sdk = sdk
    yield sdk
    sdk.close()


def test_customers_have_the_published_shape(strict: DodoPayments) -> None:
    created = strict.customers.create(email="ann@example.com", name="Ann", metadata={"user": "7"})
    assert strict.customers.retrieve(created.customer_id) == created
    assert strict.customers.update(created.customer_id, name="Ann B").name == "Ann B"
    assert [each.name for each in strict.customers.list(name="ann b").items] == ["Ann B"]
    assert strict.customers.customer_portal.create(created.customer_id).link.startswith("http")


def test_checkouts_have_the_published_shape(strict: DodoPayments, sandbox: Sandbox) -> None:
    cart = [{"product_id": PRODUCT, "quantity": 3}]
    assert strict.checkout_sessions.preview(product_cart=cart).total_price == 300
    session_id = sandbox.checkout()
    before = strict.checkout_sessions.retrieve(session_id)
    sandbox.pay(session_id)
    after = strict.checkout_sessions.retrieve(session_id)
    assert (before.payment_status, after.payment_status) == (None, "succeeded")
    assert after.customer_email == "ann@example.com"


def test_payments_have_the_published_shape(strict: DodoPayments, sandbox: Sandbox) -> None:
    payment_id = sandbox.paid(tax_rate="20")
    sandbox.pay(sandbox.checkout(), "4000000000000002")
    strict.refunds.create(payment_id=payment_id)
    sandbox.control(f"payments/{payment_id}/dispute", status="dispute_opened")
    payment = strict.payments.retrieve(payment_id)
    assert (payment.total_amount, payment.tax, payment.refund_status) == (600, 100, "full")
    assert len(payment.disputes) == 1
    assert [row.status for row in strict.payments.list().items] == ["failed", "succeeded"]
    assert strict.payments.retrieve_line_items(payment_id).items[0].refundable_amount == 0
    assert strict.invoices.payments.retrieve(payment_id).read().startswith(b"%PDF")


def test_refunds_and_disputes_have_the_published_shape(
    strict: DodoPayments, sandbox: Sandbox
) -> None:
    payment_id = sandbox.paid()
    refund = strict.refunds.create(payment_id=payment_id, metadata={"a": "b"}, reason="asked")
    assert strict.refunds.retrieve(refund.refund_id) == refund
    assert len(strict.refunds.list().items) == 1
    sandbox.control(f"payments/{payment_id}/dispute", status="dispute_lost", rdr=True)
    [row] = strict.disputes.list(dispute_status="dispute_lost").items
    dispute = strict.disputes.retrieve(row.dispute_id)
    assert (dispute.amount, dispute.is_resolved_by_rdr) == ("500", True)


def test_products_and_webhook_endpoints_have_the_published_shape(
    strict: DodoPayments, sandbox: Sandbox
) -> None:
    product = strict.products.retrieve(PRODUCT)
    assert (product.price.price, product.price.currency) == (100, "USD")
    created = strict.webhooks.create(url="https://shop.test/hook", filter_types=["refund.failed"])
    assert strict.webhooks.retrieve(created.id).url == "https://shop.test/hook"
    assert strict.webhooks.retrieve_secret(created.id).secret.startswith("whsec_")
    assert [each.url for each in strict.webhooks.list().data][0] == sandbox.receiver.url


def test_webhooks_have_the_published_shape(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    sandbox.pay(sandbox.checkout(), "4000000000009995")
    sandbox.pay(sandbox.checkout(), outcome="processing")
    sandbox.control(f"payments/{payment_id}/refund", amount=100)
    for status in SPEC["components"]["schemas"]["DisputeStatus"]["enum"]:
        assert sandbox.control(f"payments/{payment_id}/dispute", status=status).status_code == 200
    sandbox.deliver()
    for body in sandbox.receiver.bodies:
        check_webhook(body)
    made = {name for name in SPEC["webhooks"] if name.startswith("dispute.")}
    made |= {"payment.succeeded", "payment.failed", "payment.processing", "refund.succeeded"}
    assert set(sandbox.receiver.types) >= made


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "declined"},
        {"outcome": "cancelled"},
        {"outcome": "processing_until_decided"},
        {"currency": "EUR", "tax_rate": 20},
        {"currency": "JPY", "tax_rate": 20, "tax_inclusive": True},
        {"currency": "KWD", "discount": "12.5"},
        {"discount": 100},
        {"quantity": 7, "product_id": "pdt_other", "business_id": "bus_other"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["sessions/{}/pay", "payments"])
def test_every_kind_of_payment_has_the_published_shape(
    strict: DodoPayments, sandbox: Sandbox, fields: dict[str, Any], path: str
) -> None:
    made = sandbox.control(path.format(sandbox.checkout()), **fields).json()
    payment_id = made["payment_id"]
    assert strict.payments.retrieve(payment_id).status == made["status"]
    assert [row.payment_id for row in strict.payments.list().items] == [payment_id]
    assert strict.payments.retrieve_line_items(payment_id).currency == made["payment"]["currency"]
    assert strict.invoices.payments.retrieve(payment_id).read().startswith(b"%PDF")
    sandbox.deliver()
    for body in sandbox.receiver.bodies:
        check_webhook(body)
    assert sandbox.receiver.types == [f"payment.{made['status']}"]


@pytest.mark.parametrize("status", ["pending", "review", "failed", "succeeded"])
@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY"])
def test_every_kind_of_refund_has_the_published_shape(
    strict: DodoPayments, sandbox: Sandbox, status: str, currency: str
) -> None:
    made = sandbox.control(f"sessions/{sandbox.checkout()}/pay", currency="EUR").json()
    path = f"payments/{made['payment_id']}/refund"
    refund = sandbox.control(path, status=status, currency=currency).json()
    assert strict.refunds.retrieve(refund["refund_id"]).currency == currency
    assert [row.status for row in strict.refunds.list(status=status).items] == [status]
    assert strict.payments.retrieve(made["payment_id"]).refunds[0].amount == refund["amount"]
    assert strict.payments.list().items[0].payment_id == made["payment_id"]
    sandbox.deliver()
    for body in sandbox.receiver.bodies:
        check_webhook(body)


@pytest.mark.parametrize("stage", ["pre_dispute", "dispute", "pre_arbitration"])
def test_several_disputes_of_a_payment_have_the_published_shape(
    strict: DodoPayments, sandbox: Sandbox, stage: str
) -> None:
    payment_id = sandbox.paid()
    path = f"payments/{payment_id}/dispute"
    opened = sandbox.control(path, status="dispute_opened", stage=stage, amount=7).json()
    sandbox.control(path, status="dispute_lost", dispute_id="new", rdr=True)
    sandbox.control(path, status="dispute_won", dispute_id=opened["dispute_id"], currency="EUR")
    assert strict.disputes.retrieve(opened["dispute_id"]).dispute_stage == stage
    assert len(strict.disputes.list().items) == 2
    assert len(strict.payments.retrieve(payment_id).disputes) == 2
    sandbox.deliver()
    for body in sandbox.receiver.bodies:
        check_webhook(body)


@pytest.mark.parametrize("change", ["is_recurring", "pay_what_you_want", "tax_inclusive"])
def test_a_changed_product_has_the_published_shape(
    strict: DodoPayments, sandbox: Sandbox, change: str
) -> None:
    sandbox.control("product", price=250, discount=10, **{change: True})
    assert strict.products.retrieve(PRODUCT).price.price == 250
    cart = [{"product_id": PRODUCT, "quantity": 2}]
    assert strict.checkout_sessions.preview(product_cart=cart).total_price == 450
