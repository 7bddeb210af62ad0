"""How amounts are shown to people."""

from creditsapp.sandbox.currencies import CURRENCIES


def money(amount: int, currency: str = "USD") -> str:
    """Smallest units as `$1,234.50`, or as `EUR 1,234.50`."""
    decimals = CURRENCIES[currency].decimals
    whole, part = divmod(amount, 10**decimals)
    number = f"{whole:,}.{part:0{decimals}}" if decimals else f"{whole:,}"
    return f"${number}" if currency == "USD" else f"{currency} {number}"
