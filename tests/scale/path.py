"""What so many spends a second need, reckoned from what one has cost (`cost`, over HTTP)."""

from tests.scale.figures import Figure

ROW = "the same over HTTP, eight clients"
RATES = (100, 1000, 10_000)
IN_USE = 0.6  # of each core, so that a peak finds room
DAY = 86_400


def path(cost):
    """Cores and bytes for each rate; a second of a million spends is a microsecond of one."""
    each = {figure["column"]: figure["value"] for figure in cost if figure["row"] == ROW}
    for rate in RATES:
        row = f"{rate:,} a second"
        for column, of in (("app cores", "app CPU"), ("PostgreSQL cores", "PostgreSQL CPU")):
            yield Figure(row, column, each[of] / 1e6 * rate / IN_USE)
        yield Figure(row, "write-ahead log", each["write-ahead log"] * 1e3 / 1e6 * rate, "MB/s")
        yield Figure(row, "disk in a day", each["disk"] / 1e6 * rate * DAY, "GB")
