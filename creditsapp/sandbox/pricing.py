"""What a cart costs: discount, tax, and the buyer's own currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditsapp.sandbox.currencies import convert, whole
from creditsapp.sandbox.parsing import INT32_MAX

SETTLEMENT_CURRENCY = "USD"
ADAPTIVE_FEE = Decimal(3)


class TooMuch(Exception):
    """An amount that Dodo's 32 bits cannot hold."""


@dataclass(frozen=True)
class Choices:
    """What the buyer, the country or a code does to the price; rates are in percent."""

    tax_rate: Decimal = Decimal(0)
    tax_inclusive: bool = False
    discount_rate: Decimal = Decimal(0)
    currency: str = SETTLEMENT_CURRENCY


@dataclass(frozen=True)
class Amounts:
    """A price and its parts, in the smallest unit of a currency."""

    currency: str
    subtotal: int
    discount: int
    tax: int
    tax_inclusive: bool

    @property
    def total(self) -> int:
        """What the buyer pays."""
        net = self.subtotal - self.discount
        return net if self.tax_inclusive else net + self.tax


def price(
    product_cart: list[dict[str, Any]], unit_price: int, choices: Choices | None = None
) -> Amounts:
    """What the buyer pays, in the buyer's currency; raise TooMuch."""
    choices = choices or Choices()
    subtotal = _subtotal(product_cart, unit_price)
    if choices.currency != SETTLEMENT_CURRENCY:
        subtotal = convert(subtotal, SETTLEMENT_CURRENCY, choices.currency, fee=ADAPTIVE_FEE)
    return _amounts(subtotal, choices, choices.currency)


def settlement(product_cart: list[dict[str, Any]], unit_price: int, choices: Choices) -> Amounts:
    """What the shop receives, in dollars: the fee for the buyer's currency is Dodo's."""
    return _amounts(_subtotal(product_cart, unit_price), choices, SETTLEMENT_CURRENCY)


def _subtotal(product_cart: list[dict[str, Any]], unit_price: int) -> int:
    return sum(line["quantity"] for line in product_cart) * unit_price


def _amounts(subtotal: int, choices: Choices, currency: str) -> Amounts:
    discount = whole(subtotal * choices.discount_rate / 100)
    net, rate = Decimal(subtotal - discount), choices.tax_rate
    tax = whole(net * rate / (100 + rate) if choices.tax_inclusive else net * rate / 100)
    amounts = Amounts(currency, subtotal, discount, tax, choices.tax_inclusive)
    if max(subtotal, amounts.total) > INT32_MAX:
        raise TooMuch
    return amounts
