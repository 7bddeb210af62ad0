"""The payment form: what was typed, and what is wrong with it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from creditsapp.sandbox import cards, parsing
from creditsapp.sandbox.payments import Attempt


class PaymentForm:
    """The fields of the checkout page; `errors` names those to mend."""

    def __init__(self, fields: Mapping[str, str], *, email: str | None) -> None:
        self.number = fields.get("number", "").strip()
        self.expiry = fields.get("expiry", "").strip()
        self.cvc = fields.get("cvc", "").strip()
        self.name = fields.get("name", "").strip()[:200]
        self.email = email or fields.get("email", "").strip()
        self.tax = fields.get("tax_rate", "").strip()
        self.processing = bool(fields.get("processing"))
        self.without_webhook = bool(fields.get("without_webhook"))
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
        tax_rate = self.tax_rate()
        if tax_rate is None:
            self.errors["tax_rate"] = "Enter a number from 0 to 100."
        if self.errors or card is None or expiry is None or tax_rate is None:
            return None
        return Attempt(
            card=card,
            expiry=expiry,
            holder=self.name,
            email=self.email,
            tax_rate=tax_rate,
            processing=self.processing,
            without_webhook=self.without_webhook,
        )

    def tax_rate(self) -> Decimal | None:
        """The percentage to add, or None when something else was typed."""
        try:
            rate = Decimal(self.tax or "0")
        except InvalidOperation:
            return None
        return rate if rate.is_finite() and 0 <= rate <= 100 else None


def filled_in(email: str | None) -> PaymentForm:
    """The form as it first appears, with a card that works."""
    fields = {"number": cards.CARDS[0].spaced, "expiry": "12/34", "cvc": "123"}
    return PaymentForm(fields, email=email)
