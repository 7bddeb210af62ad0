"""An attempt to pay: the card, and what else is to happen."""

from dataclasses import dataclass, field
from typing import Any

from creditsapp.sandbox.cards import Card
from creditsapp.sandbox.pricing import Choices

OUTCOMES = {
    "card": "What the card says",
    "declined": "Declined",
    "cancelled": "Cancelled by the buyer's bank",
    "processing": "Processing, succeeded a few seconds later",
    "processing_then_failed": "Processing, failed a few seconds later",
    "processing_until_decided": "Processing until you decide",
}

PROCESSING = {
    "processing": "succeeded",
    "processing_then_failed": "failed",
    "processing_until_decided": None,
}


@dataclass(frozen=True)
class Attempt:
    """What the buyer filled in, checked; what is None is as the session has it."""

    card: Card
    expiry: tuple[str, str]
    holder: str
    email: str
    outcome: str = "card"
    without_webhook: bool = False
    choices: Choices = field(default_factory=Choices)
    quantity: int | None = None
    product_id: str | None = None
    business_id: str | None = None

    @property
    def error_code(self) -> str | None:
        """Why the card is declined, if it is."""
        declined = "GENERIC_DECLINE" if self.outcome == "declined" else None
        return self.card.error_code or declined

    @property
    def status(self) -> str:
        """The status of the payment at first."""
        if self.error_code:
            return "failed"
        if self.outcome == "cancelled":
            return "cancelled"
        return "processing" if self.outcome in PROCESSING else "succeeded"

    def cart(self, product_cart: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A session's cart, or the one that the shop did not ask for."""
        return changed_cart(product_cart, self.quantity, self.product_id)


def changed_cart(
    product_cart: list[dict[str, Any]], quantity: int | None, product_id: str | None
) -> list[dict[str, Any]]:
    """A cart with another quantity or product."""
    [line] = product_cart
    return [
        {
            "product_id": product_id or line["product_id"],
            "quantity": quantity or line["quantity"],
        }
    ]
