"""Where the bars of the chart stand."""

from datetime import date, timedelta
from decimal import Decimal

from creditsapp.credits.chart import drawn
from creditsapp.services.slices import NOTHING, Sums


def days(*sums):
    """Days of these sums, newest first, up to the first of May."""
    return [(date(2026, 5, 1) - timedelta(days=passed), one) for passed, one in enumerate(sums)]


def share(percent):
    return Decimal(percent.removesuffix("%"))


def test_bars_stand_on_both_sides_of_the_line_in_proportion_and_within_the_drawing():
    chart = drawn(days(Sums(2, Decimal(10), Decimal(30), Decimal(10)), Sums(1, added=Decimal(15))))
    older, newer = chart.bars
    assert (newer.came_in, newer.went_out) == (30, 20)
    assert share(newer.above) == 2 * share(older.above)
    assert share(newer.above) / share(newer.below) == Decimal("1.5")
    assert share(newer.top) + share(newer.above) == share(chart.line)
    assert share(newer.top) == 12 and share(chart.line) + share(newer.below) == 88
    assert older.below == "0.00%"
    assert (share(older.left), share(newer.left)) == (Decimal("7.50"), Decimal("57.50"))
    assert (chart.came_in, chart.went_out) == (45, 20)
    assert (chart.most_in, chart.most_out) == (newer, newer)


def test_a_small_amount_beside_a_large_one_is_still_seen():
    chart = drawn(days(Sums(1, added=Decimal(10**9)), Sums(1, spent=Decimal("0.0001"))))
    assert share(chart.bars[0].below) == 1


def test_days_on_which_nothing_moved_make_no_chart():
    assert drawn(days(NOTHING, NOTHING)) is None
