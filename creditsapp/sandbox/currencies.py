"""Currencies, with rates that never change."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Currency:
    """A currency: how many decimals it has, and how much of it a dollar is."""

    code: str
    name: str
    decimals: int
    per_dollar: Decimal


CURRENCIES = {
    currency.code: currency
    for currency in (
        Currency("USD", "US dollar", 2, Decimal(1)),
        Currency("EUR", "Euro", 2, Decimal("0.92")),
        Currency("GBP", "British pound", 2, Decimal("0.79")),
        Currency("CAD", "Canadian dollar", 2, Decimal("1.37")),
        Currency("INR", "Indian rupee", 2, Decimal("83.10")),
        Currency("BRL", "Brazilian real", 2, Decimal("5.12")),
        Currency("JPY", "Japanese yen, no decimals", 0, Decimal("151.40")),
        Currency("KWD", "Kuwaiti dinar, three decimals", 3, Decimal("0.307")),
    )
}


def convert(amount: int, source: str, target: str, *, fee: Decimal = Decimal(0)) -> int:
    """An amount in the smallest unit of another currency, with a fee of some percent on top."""
    from_, to = CURRENCIES[source], CURRENCIES[target]
    dollars = Decimal(amount).scaleb(-from_.decimals) / from_.per_dollar
    converted = (dollars * to.per_dollar * (1 + fee / 100)).scaleb(to.decimals)
    return whole(converted)


def whole(amount: Decimal) -> int:
    """Rounded to the smallest unit."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
