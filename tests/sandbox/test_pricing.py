"""What a payment costs: tax, discount, the buyer's currency, and what the shop did not ask for."""

from typing import Any

import pytest

from creditsapp.sandbox.amounts import money

from .conftest import PRODUCT, Sandbox


def paid(sandbox: Sandbox, **fields: Any) -> Any:
    """Pay a session for 50 without the page, and return the payment."""
    answer = sandbox.control(f"sessions/{sandbox.checkout(50)}/pay", **fields)
    assert answer.status_code == 200, answer.text
    return sandbox.sdk.payments.retrieve(answer.json()["payment_id"])


def test_a_tax_comes_on_top_or_is_inside(sandbox: Sandbox) -> None:
    on_top = paid(sandbox, tax_rate=20)
    inside = paid(sandbox, tax_rate="20", tax_inclusive=True)
    assert (on_top.total_amount, on_top.tax) == (6000, 1000)
    assert (inside.total_amount, inside.tax) == (5000, 833)
    assert (inside.settlement_amount, inside.settlement_tax) == (5000, 833)


@pytest.mark.parametrize(
    ("currency", "total"), [("EUR", 4738), ("JPY", 7797), ("KWD", 15811), ("GBP", 4069)]
)
def test_a_local_price_has_the_currencys_smallest_unit_and_a_fee(
    sandbox: Sandbox, currency: str, total: int
) -> None:
    payment = paid(sandbox, currency=currency)
    assert (payment.currency, payment.total_amount) == (currency, total)
    assert (payment.settlement_currency, payment.settlement_amount) == ("USD", 5000)


def test_a_local_price_is_taxed_and_settled_in_dollars(sandbox: Sandbox) -> None:
    payment = paid(sandbox, currency="eur", tax_rate=10, discount=50)
    assert (payment.total_amount, payment.tax) == (2606, 237)
    assert (payment.settlement_amount, payment.settlement_tax) == (2750, 250)


def test_a_discount_reduces_the_total_and_names_its_code(sandbox: Sandbox) -> None:
    payment = paid(sandbox, discount="12.5")
    assert payment.total_amount == 4375
    [discount] = payment.discounts
    assert (discount.amount, discount.code) == (1250, "OFF12.5")
    assert payment.discount_id == discount.discount_id
    assert paid(sandbox, discount=100).total_amount == 0
    assert paid(sandbox).discounts is None


def test_the_cart_and_the_business_can_be_others(sandbox: Sandbox) -> None:
    payment = paid(sandbox, quantity=7, product_id="pdt_other", business_id="bus_other")
    [line] = payment.product_cart
    assert (line.product_id, line.quantity, payment.total_amount) == ("pdt_other", 7, 700)
    sandbox.deliver()
    [body] = sandbox.receiver.bodies
    assert (body["business_id"], body["data"]["business_id"]) == ("bus_other", "bus_other")


@pytest.mark.parametrize(
    "fields",
    [
        {"currency": "XXX"},
        {"tax_rate": 101},
        {"discount": "-1"},
        {"discount": "much"},
        {"quantity": "0"},
        {"quantity": "1.5"},
        {"quantity": 999_999_999},
        {"quantity": 9_000_000, "currency": "INR"},
        {"outcome": "miracle"},
        {"number": "4111111111111111"},
    ],
)
def test_a_wrong_choice_is_refused_and_nothing_is_charged(
    sandbox: Sandbox, fields: dict[str, Any]
) -> None:
    session_id = sandbox.checkout()
    answer = sandbox.control(f"sessions/{session_id}/pay", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    texts = {name: str(value) for name, value in fields.items()}
    page = sandbox.pay(session_id, **texts)
    assert (page.status_code, page.text.count("aria-invalid")) == (422, 1)
    assert sandbox.sdk.payments.list().items == []


def test_the_page_shows_the_price_in_every_part(sandbox: Sandbox) -> None:
    fields = {"currency": "EUR", "discount": "10", "tax_rate": "20", "tax_inclusive": "1"}
    page = sandbox.pay(sandbox.checkout(), **fields, update="1").text
    for text in ("EUR 4.74", "−EUR 0.47", "EUR 0.71", "included", "Pay EUR 4.27", "3 %"):
        assert text in page
    assert '<details class="situations" open>' in page


def test_amounts_are_written_with_their_currencys_decimals() -> None:
    assert money(123456) == "$1,234.56"
    assert money(1234, "JPY") == "JPY 1,234"
    assert money(1234567, "KWD") == "KWD 1,234.567"


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"price": 200}, {"price": 200, "type": "one_time_price"}),
        ({"discount": 10}, {"discount": 10}),
        ({"pay_what_you_want": True}, {"pay_what_you_want": True}),
        ({"tax_inclusive": True}, {"tax_inclusive": True}),
        (
            {"is_recurring": True},
            {"type": "recurring_price", "payment_frequency_interval": "Month"},
        ),
    ],
)
def test_the_product_is_set_up_wrong_and_right_again(
    sandbox: Sandbox, change: dict[str, Any], shown: dict[str, Any]
) -> None:
    sandbox.control("product", **change)
    assert shown.items() <= sandbox.sdk.products.retrieve(PRODUCT).price.to_dict().items()
    assert "The product is set up wrong" in sandbox.browser.get("/sandbox/").text
    sandbox.control("product")
    assert sandbox.sdk.products.retrieve(PRODUCT).price.price == 100
    assert "The product is set up wrong" not in sandbox.browser.get("/sandbox/").text


def test_a_changed_price_is_what_is_charged(sandbox: Sandbox) -> None:
    sandbox.control("product", price=200, discount=10)
    assert paid(sandbox).total_amount == 9000
