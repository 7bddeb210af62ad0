"""Dodo's test cards, and reading what was typed into the card form."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_EXPIRY = re.compile(r"(0[1-9]|1[0-2])\s*/\s*(?:20)?([0-9]{2})", re.ASCII)
_CVC = re.compile(r"[0-9]{3,4}", re.ASCII)


@dataclass(frozen=True)
class Card:
    """A test card; without an error code its payments succeed."""

    number: str
    network: str
    country: str = "US"
    error_code: str | None = None

    @property
    def spaced(self) -> str:
        """The number as it is printed on a card."""
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))

    @property
    def outcome(self) -> str:
        """What happens with it, for people."""
        return (self.error_code or "SUCCEEDS").replace("_", " ").capitalize()


ERROR_MESSAGES = {
    "GENERIC_DECLINE": "The card was declined.",
    "INSUFFICIENT_FUNDS": "The card has insufficient funds.",
}

CARDS = [
    Card("4242424242424242", "visa"),
    Card("5555555555554444", "mastercard"),
    Card("4576238912771450", "visa", "IN"),
    Card("5409162669381034", "mastercard", "IN"),
    # At Dodo this one fails when a subscription renews; a single payment succeeds.
    Card("4000000000000341", "visa"),
    Card("4000000000000002", "visa", "US", "GENERIC_DECLINE"),
    Card("4000000000009995", "visa", "US", "INSUFFICIENT_FUNDS"),
    Card("4706131211212123", "visa", "IN", "GENERIC_DECLINE"),
    Card("5105105105105100", "mastercard", "IN", "GENERIC_DECLINE"),
]

SHOWN = [CARDS[0], CARDS[1], CARDS[5], CARDS[6]]


def find(typed: str) -> Card | None:
    """The test card whose number was typed, with or without spaces."""
    digits = re.sub(r"[\s-]", "", typed)
    return next((card for card in CARDS if card.number == digits), None)


def expiry(typed: str) -> tuple[str, str] | None:
    """Month and full year of an expiry like `06/32` that is not past, or None."""
    match = _EXPIRY.fullmatch(typed.strip())
    if match is None:
        return None
    month, year = match[1], f"20{match[2]}"
    now = datetime.now(UTC)
    return (month, year) if (int(year), int(month)) >= (now.year, now.month) else None


def is_cvc(typed: str) -> bool:
    """Whether a text is three or four digits."""
    return bool(_CVC.fullmatch(typed.strip()))
