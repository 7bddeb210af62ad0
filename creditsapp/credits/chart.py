"""Where the bars of the ledger's chart stand: credits in above a line, credits out below it.

Everything is in percent of the drawing, so that it fits any width and its text is never scaled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from creditsapp.models.types import added
from creditsapp.services.slices import Sums

TOP, HEIGHT = Decimal(12), Decimal(76)  # what is left above and below is for the numbers
LEAST = Decimal(1)  # so that a small amount beside a large one is still seen


@dataclass(frozen=True)
class Bar:
    """A day: what came in and went out, and where its two bars stand."""

    day: date
    came_in: Decimal
    went_out: Decimal
    left: str
    width: str
    top: str
    above: str
    below: str


@dataclass(frozen=True)
class Chart:
    """The days from the first to the last, and the line between in and out."""

    bars: list[Bar]
    line: str
    came_in: Decimal
    went_out: Decimal
    most_in: Bar
    most_out: Bar


def drawn(days: Sequence[tuple[date, Sums]]) -> Chart | None:
    """The chart of some days, which come newest first; None where nothing moved."""
    moved = [(day, sums.added, added(sums.spent, sums.taken_back)) for day, sums in days[::-1]]
    most_in, most_out = max(one[1] for one in moved), max(one[2] for one in moved)
    if not most_in + most_out:
        return None
    scale = HEIGHT / (most_in + most_out)
    line, step = TOP + most_in * scale, Decimal(100) / len(moved)
    bars = []
    for place, (day, came_in, went_out) in enumerate(moved):
        above, below = _height(came_in * scale), _height(went_out * scale)
        bars.append(
            Bar(
                day,
                came_in,
                went_out,
                left=_percent((place + Decimal("0.15")) * step),
                width=_percent(step * Decimal("0.7")),
                top=_percent(line - above),
                above=_percent(above),
                below=_percent(below),
            )
        )
    return Chart(
        bars,
        _percent(line),
        added(*[bar.came_in for bar in bars]),
        added(*[bar.went_out for bar in bars]),
        max(bars, key=lambda bar: bar.came_in),
        max(bars, key=lambda bar: bar.went_out),
    )


def _height(height: Decimal) -> Decimal:
    return max(height, LEAST) if height else height


def _percent(share: Decimal) -> str:
    return f"{share:.2f}%"
