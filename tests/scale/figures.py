"""What was measured: a figure each, as JSON and as a Markdown table."""

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One number; several that belong together share a `row`."""

    row: str
    column: str
    value: float | str
    unit: str = ""


def latencies(row, seconds, taken):
    """Throughput and percentiles of some calls that ran at once for some seconds."""
    yield Figure(row, "rate", len(taken) / seconds, "/s")
    ordered = sorted(taken)
    for percent in (50, 95, 99):
        place = min(math.ceil(len(ordered) * percent / 100), len(ordered)) - 1
        yield Figure(row, f"p{percent}", 1000 * ordered[place], "ms")


def markdown(figures):
    """A table of the figures: their rows down, their columns across."""
    columns = list(dict.fromkeys(figure.column for figure in figures))
    cells = {(figure.row, figure.column): _cell(figure) for figure in figures}
    lines = [["", *columns], ["---"] + ["---:"] * len(columns)]
    for row in dict.fromkeys(figure.row for figure in figures):
        lines.append([row, *(cells.get((row, column), "") for column in columns)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(figure):
    if isinstance(figure.value, str):
        return figure.value
    digits = 0 if figure.value >= 100 else 1 if figure.value >= 10 else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".rstrip()


def as_json(figures):
    """The figures for machines."""
    return [asdict(figure) for figure in figures]
