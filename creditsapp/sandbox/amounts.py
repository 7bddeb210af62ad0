"""How amounts are shown to people."""


def money(cents: int) -> str:
    """US dollars: `$1,234.50`."""
    return f"${cents // 100:,}.{cents % 100:02d}"
