"""The payment form: what was typed, and what is wrong with it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from creditsapp.sandbox import cards, parsing, pricing
from creditsapp.sandbox.attempts import OUTCOMES, Attempt, changed_cart
from creditsapp.sandbox.currencies import CURRENCIES

_PERCENT = "Enter a number from 0 to 100."


class PaymentForm:
    """The fields of the checkout page; `errors` names those to mend."""

    def __init__(self, fields: Mapping[str, str], *, email: str | None) -> None:
        def typed(name: str, default: str = "") -> str:
            return fields.get(name, "").strip() or default

        self.number = typed("number")
        self.expiry = typed("expiry")
        self.cvc = typed("cvc")
        self.name = typed("name")[:200]
        self.email = email or typed("email")
        self.outcome = typed("outcome", "card")
        self.without_webhook = parsing.is_yes(typed("without_webhook"))
        self.currency = typed("currency", pricing.SETTLEMENT_CURRENCY).upper()
        self.tax_rate = typed("tax_rate")
        self.tax_inclusive = parsing.is_yes(typed("tax_inclusive"))
        self.discount = typed("discount")
        self.quantity = typed("quantity")
        self.product_id = typed("product_id")[:200]
        self.business_id = typed("business_id")[:200]
        self.errors: dict[str, str] = {}

    def attempt(self) -> Attempt | None:
        """What to charge, or None with `errors` filled."""
        card = cards.find(self.number)
        if card is None:
            self.errors["number"] = "Enter one of the test card numbers. Never use a real card."
        expiry = cards.expiry(self.expiry)
        if expiry is None:
            self.errors["expiry"] = "Enter a month and year to come, such as 12/34."
        if not cards.is_cvc(self.cvc):
            self.errors["cvc"] = "Enter three digits, such as 123."
        if not parsing.is_email(self.email):
            self.errors["email"] = "Enter an e-mail address."
        if self.outcome not in OUTCOMES:
            self.errors["outcome"] = "Choose one of the outcomes."
        choices, quantity = self.choices(), self.other_quantity()
        if self.errors or card is None or expiry is None:
            return None
        return Attempt(
            card=card,
            expiry=expiry,
            holder=self.name,
            email=self.email,
            outcome=self.outcome,
            without_webhook=self.without_webhook,
            choices=choices,
            quantity=quantity,
            product_id=self.product_id or None,
            business_id=self.business_id or None,
        )

    @property
    def is_special(self) -> bool:
        """Whether anything but a plain payment is asked for."""
        typed = (self.tax_rate, self.discount, self.quantity, self.product_id, self.business_id)
        ticked = (self.without_webhook, self.tax_inclusive)
        plain = (self.outcome, self.currency) == ("card", pricing.SETTLEMENT_CURRENCY)
        return not plain or any(typed) or any(ticked)

    def choices(self) -> pricing.Choices:
        """What changes the price; `errors` tells what of it is wrong and left out."""
        if self.currency not in CURRENCIES:
            self.errors["currency"] = f"Choose one of {', '.join(CURRENCIES)}."
        return pricing.Choices(
            tax_rate=self._percent("tax_rate", self.tax_rate),
            tax_inclusive=self.tax_inclusive,
            discount_rate=self._percent("discount", self.discount),
            currency=self.currency if self.currency in CURRENCIES else pricing.SETTLEMENT_CURRENCY,
        )

    def amounts(self, product_cart: list[dict[str, Any]], unit_price: int) -> pricing.Amounts:
        """What is to be paid, or the price as it was where that is too much."""
        cart = changed_cart(product_cart, self.other_quantity(), None)
        try:
            return pricing.price(cart, unit_price, self.choices())
        except pricing.TooMuch:
            self.errors["currency"] = "The total is too large in this currency."
            return pricing.price(product_cart, unit_price)

    def other_quantity(self) -> int | None:
        """A quantity that the shop did not ask for, or None."""
        if not self.quantity:
            return None
        if self.quantity.isascii() and self.quantity.isdecimal() and len(self.quantity) <= 9:
            if int(self.quantity):
                return int(self.quantity)
        self.errors["quantity"] = "Enter a whole number above 0."
        return None

    def _percent(self, name: str, typed: str) -> Decimal:
        try:
            rate = Decimal(typed or "0")
        except InvalidOperation:
            rate = Decimal("NaN")
        if rate.is_finite() and 0 <= rate <= 100:
            return rate
        self.errors[name] = _PERCENT
        return Decimal(0)


def filled_in(fields: Mapping[str, str] | None = None, *, email: str | None) -> PaymentForm:
    """The form with a card that works, where nothing else is given."""
    card = {"number": cards.CARDS[0].spaced, "expiry": "12/34", "cvc": "123"}
    return PaymentForm({**card, **(fields or {})}, email=email)
