"""Prices: flat or per unit, exact, and rounded upwards only."""

import decimal
from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditsapp.formatting import price as words
from creditsapp.models.types import InvalidAmount, from_units
from creditsapp.prices import InvalidPrice, InvalidQuantity, Price, PriceList, UnknownOperation

PAGES = Price("0.2", per="page", step=1)


@pytest.mark.parametrize(
    ("price", "quantity", "cost"),
    [
        (Price("0.2", per="page"), 7, "1.4"),
        (PAGES, 7, "2"),
        (PAGES, 5, "1"),
        (PAGES, 1, "1"),
        (PAGES, 0, "0"),
        (Price("0.2", per="page", step="0.5"), 6, "1.5"),
        (Price(3, per="hour", step=2), 1, "4"),
        (Price("0.3", per="minute"), Decimal("0.0001"), "0.0001"),
        (Price("0.3", per="minute", step=1), Decimal(10) / 3, "1"),
        (Price("0.3", per="minute", step=1), Decimal("3.3333333333333333333333333334"), "2"),
        (Price("0.0001", per="token"), 10**16, "1000000000000"),
        (PAGES, Decimal("1e-100"), "1"),
    ],
)
def test_a_quantity_costs_its_share_rounded_up_to_the_step(price, quantity, cost):
    assert price.of(quantity) == Decimal(cost)


units = st.integers(1, 10**9).map(from_units)


@given(
    units,
    units,
    st.integers(0, 10**6) | st.decimals(0, 10**6, places=12, allow_nan=False),
    st.integers(1, 28),
)
def test_a_cost_is_exact_under_every_decimal_context(amount, step, quantity, precision):
    price = Price(amount, per="page", step=step)
    exact = ceil(Fraction(amount) * Fraction(quantity) / Fraction(step)) * Fraction(step)
    with decimal.localcontext(decimal.Context(prec=precision)):
        if exact > 10**12:
            with pytest.raises(InvalidAmount):
                price.of(quantity)
        else:
            assert Fraction(price.of(quantity)) == exact


def test_a_flat_price_takes_no_quantity_and_a_price_per_unit_needs_one():
    listed = PriceList({"theme": Price(1), "scan": PAGES})
    assert (listed.cost("THEME"), listed.cost("Scan", 7)) == (1, 2)
    with pytest.raises(TypeError, match="theme: a flat price takes no quantity"):
        listed.cost("theme", 1)
    with pytest.raises(TypeError, match="scan: a price per page needs a quantity"):
        listed.cost("scan")


@pytest.mark.parametrize("quantity", [0.5, 1.0, float("nan"), True, "7", Fraction(1, 3)])
def test_a_quantity_is_a_decimal_or_an_int(quantity):
    with pytest.raises(TypeError, match="a quantity is Decimal or int"):
        PAGES.of(quantity)


@pytest.mark.parametrize(
    "quantity", ["-1", "-0.0001", "NaN", "sNaN", "Infinity", "-Infinity", "1e-101", "1e-999999999"]
)
def test_a_quantity_that_is_none_is_refused(quantity):
    with pytest.raises(InvalidQuantity):
        PAGES.of(Decimal(quantity))


@pytest.mark.parametrize("quantity", [10**13, 10**4000, Decimal("1e17"), Decimal("1e999999999")])
def test_more_than_can_be_kept_is_an_invalid_amount(quantity):
    with pytest.raises(InvalidAmount):
        PAGES.of(quantity)


@pytest.mark.parametrize("amount", ["0", "-1", "0.00001", "NaN", "Infinity", "1e13", "many", ""])
def test_a_price_and_its_step_are_amounts_above_zero(amount):
    with pytest.raises(InvalidAmount):
        Price(amount)
    with pytest.raises(InvalidAmount):
        Price(1, per="page", step=amount)


@pytest.mark.parametrize("amount", [0.5, True, None, [1]])
def test_a_price_is_never_a_float(amount):
    with pytest.raises(TypeError):
        Price(amount)


@pytest.mark.parametrize("per", ["", " page", "page\n", "a\0b", "x" * 41, 5, True])
def test_a_unit_is_a_short_text(per):
    with pytest.raises(InvalidPrice):
        Price(1, per=per)


def test_only_a_price_per_unit_has_a_step():
    with pytest.raises(InvalidPrice):
        Price(5, step=1)


def test_an_unknown_operation_is_named():
    with pytest.raises(UnknownOperation, match="'MINING'") as refusal:
        PriceList({}).cost("MINING")
    assert refusal.value.operation == "MINING"


def test_the_cheapest_is_what_the_least_use_costs():
    prices = {"image": Price(5), "scan": PAGES}
    assert PriceList(prices).cheapest() == 1
    assert PriceList(prices | {"call": Price("0.2", per="minute")}).cheapest() == Decimal("0.2")


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (Price(1), "1 credit"),
        (Price("0.2", per="page"), "0.2 credits per page"),
        (PAGES, "0.2 credits per page, rounded up to whole credits"),
        (
            Price(1, per="page", step="0.5"),
            "1 credit per page, rounded up to multiples of 0.5 credits",
        ),
    ],
)
def test_a_price_in_words(price, said):
    assert words(price) == said
