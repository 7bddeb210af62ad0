"""The price list: what an operation costs, each time or for each unit of its work."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from creditsapp.models.types import (
    FINEST,
    LIMIT,
    InvalidAmount,
    as_credits,
    from_units,
    positive_credits,
    to_units,
)
from creditsapp.services.errors import ServiceError

LONGEST_UNIT = 40
MOST_UNITS = LIMIT / FINEST  # more than this costs too much at any price
MOST_DECIMALS = 100


class UnknownOperation(ServiceError):
    """No price is listed for this operation."""

    code = "unknown_operation"
    status = 404

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(f"There is no price for {operation!r}. Nothing was charged.")


class InvalidQuantity(ServiceError):
    """Not a quantity that can be charged for."""

    code = "invalid_input"


class InvalidPrice(ValueError):
    """Not a price that a list can have."""


@dataclass(frozen=True, init=False)
class Price:
    """Credits for each time, or `per` unit; what units come to is rounded up to a whole `step`."""

    credits: Decimal
    per: str | None
    step: Decimal

    def __init__(
        self,
        amount: Decimal | int | str,
        *,
        per: str | None = None,
        step: Decimal | int | str | None = None,
    ) -> None:
        """`Price(5)`, or `Price("0.2", per="page", step=1)`: 7 pages are 1.4, so 2 credits.

        Raise InvalidPrice, InvalidAmount, or TypeError for a float.
        """
        if per is None and step is not None:
            raise InvalidPrice("only a price per unit is rounded to a step")
        if per is not None:
            _check_unit(per)
        self.__dict__.update(
            credits=_amount(amount), per=per, step=FINEST if step is None else _amount(step)
        )

    @property
    def least(self) -> Decimal:
        """What it costs once, or for a single unit."""
        return self.of(None if self.per is None else 1)

    def of(self, quantity: Decimal | int | None = None) -> Decimal:
        """What a quantity costs, exact until it is rounded up; a flat price takes none.

        Raise InvalidQuantity, InvalidAmount when it costs more than can be kept, or TypeError.
        """
        if self.per is None:
            if quantity is not None:
                raise TypeError("a flat price takes no quantity")
            return self.credits
        if quantity is None:
            raise TypeError(f"a price per {self.per} needs a quantity")
        units, parts = _checked(quantity).as_integer_ratio()
        step = to_units(self.step)
        steps = -(-units * to_units(self.credits) // (parts * step))  # upwards
        return as_credits(from_units(steps * step))


def _amount(value: Decimal | int | str) -> Decimal:
    try:
        return positive_credits(Decimal(value) if isinstance(value, str) else value)
    except ArithmeticError:
        raise InvalidAmount(f"{value!r} is not a number of credits") from None


def _check_unit(per: str) -> None:
    fits = isinstance(per, str) and 1 <= len(per) <= LONGEST_UNIT
    if not (fits and per == per.strip() and per.isprintable()):
        raise InvalidPrice(f'"per" is a unit such as "page", at most {LONGEST_UNIT} characters')


def _checked(quantity: object) -> Decimal:
    """An exact quantity, small enough to calculate with."""
    if isinstance(quantity, bool) or not isinstance(quantity, Decimal | int):
        raise TypeError(f"a quantity is Decimal or int, not {type(quantity).__name__}")
    number = Decimal(quantity)
    if not number.is_finite() or number < 0:
        raise InvalidQuantity("A quantity is a number and not below zero. Nothing was charged.")
    if number > MOST_UNITS:
        raise InvalidAmount("credits stay within a million million")
    if int(number.as_tuple().exponent) < -MOST_DECIMALS:
        raise InvalidQuantity("A quantity has too many decimals. Nothing was charged.")
    return number


class PriceList:
    """Prices by operation name, in any case."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = {name.lower(): price for name, price in prices.items()}

    def price(self, operation: str) -> Price:
        """The price of one operation; raise UnknownOperation."""
        try:
            return self._prices[operation.lower()]
        except KeyError:
            raise UnknownOperation(operation) from None

    def cost(self, operation: str, quantity: Decimal | int | None = None) -> Decimal:
        """What an operation costs, once or for a quantity; raise as `price` and `Price.of` do."""
        try:
            return self.price(operation).of(quantity)
        except TypeError as error:
            raise TypeError(f"{operation}: {error}") from None

    def cheapest(self) -> Decimal:
        """The least that anything on the list costs."""
        return min(price.least for price in self._prices.values())
