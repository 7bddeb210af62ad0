"""The measurements as text and as JSON."""

from dataclasses import asdict


def text(about, rows):
    """All that was measured, and on what, for people."""
    lines = []
    for topic, facts in about.items():
        lines.append(f"{topic}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    for row in rows:
        lines += ["", row.what, *[_side(runs) for runs in _sides(row)], "  " + _verdict(row)]
        lines += [f"  {row.note}"] if row.note else []
    return "\n".join(lines)


def _sides(row):
    return [runs for runs in (row.reference, row.ours) if runs is not None]


def _side(runs):
    values = "  ".join(_number(value) for value in runs.values)
    return (
        f"  {runs.name:<24} median {_number(runs.median):>8} {runs.unit:<3}"
        f" best {_number(runs.best):>8}   runs {values}"
    )


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _verdict(row):
    found = f"ratio {row.ratio:.2f}" if row.reference else _number(row.ratio) + " " + row.ours.unit
    if not row.aim:
        return found
    return f"{found}, aim {row.aim}: {'reached' if row.reached else 'MISSED'}"


def as_json(row):
    """One measurement, for machines."""
    sides = {
        "ours": row.ours,
        "reference": row.reference,
    }
    return {
        "what": row.what,
        **{
            side: runs and asdict(runs) | {"median": runs.median, "best": runs.best}
            for side, runs in sides.items()
        },
        "ratio": row.ratio if row.reference else None,
        "aim": row.aim or None,
        "reached": row.reached,
        "note": row.note or None,
    }
