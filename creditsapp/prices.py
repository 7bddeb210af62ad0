"""The price list: what each operation costs, in credits."""

from collections.abc import Mapping
from decimal import Decimal

from creditsapp.models.types import positive_credits


class UnknownOperation(LookupError):
    """No price is listed for this operation."""


class PriceList:
    """Prices by operation name, in any case."""

    def __init__(self, prices: Mapping[str, Decimal | int]) -> None:
        self._prices = {name.lower(): positive_credits(cost) for name, cost in prices.items()}

    def cost(self, operation: str) -> Decimal:
        """The price of one operation; raise UnknownOperation."""
        try:
            return self._prices[operation.lower()]
        except KeyError:
            raise UnknownOperation(f"no price is listed for {operation!r}") from None

    def cheapest(self) -> Decimal:
        """The lowest price on the list."""
        return min(self._prices.values())
