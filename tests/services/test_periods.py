"""Periods: summed from a few entries, and yet exactly what all of their entries come to."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from creditsapp.extensions import db
from creditsapp.services import ledger, periods
from tests.builders import make_user, spend
from tests.databases import execute

pytestmark = pytest.mark.usefixtures("context")

NOW = datetime(2026, 3, 19, 12, tzinfo=UTC)  # a Thursday
ZONES = (UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"))


def dated(database_url, user, times):
    """Give a user's entries these times, in the order of their numbers."""
    cases = " ".join(
        f"WHEN {number} THEN '{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"
        + ("" if database_url.startswith("sqlite") else "::timestamp AT TIME ZONE 'UTC'")
        for number, time in enumerate(times, 1)
    )
    sql = f"UPDATE ledger_entries SET created_at = CASE number {cases} END WHERE user_id = {user}"
    db.session.remove()
    execute(database_url, sql, without_triggers=True)


def moved(user, chance):
    """One movement of any kind."""
    amount = Decimal(chance.randint(1, 30_000)) / 10_000
    kind = chance.choice(["spend", "spend", "spend", "grant", "adjust", "refund"])
    if kind == "spend":
        spend(user, amount)
    elif kind == "refund":
        ledger.refund_usage(spend(user, amount), Decimal("0.0001") if amount > 1 else None)
    elif kind == "grant":
        ledger.grant(user, amount, description="x")
    else:
        ledger.adjust(user, amount * chance.choice([1, -1]), description="x")


def added_up(entries):
    """What entries come to, added up one by one."""
    spent = [-entry.amount for entry in entries if entry.type == "usage"]
    others = [entry.amount for entry in entries if entry.type != "usage"]
    return (
        len(entries),
        sum(spent),
        sum(amount for amount in others if amount > 0),
        -sum(amount for amount in others if amount < 0),
    )


def sums(period):
    return period.count, period.spent, period.added, period.taken_back


@pytest.mark.parametrize("seed", range(6))
def test_each_period_is_the_sum_of_its_entries(database_url, seed):
    chance, user = random.Random(seed), make_user(200)
    for _ in range(chance.choice([0, 1, 40])):
        moved(user, chance)
    entries = ledger.history(user, limit=1000)[0][::-1]
    days = sorted(chance.choice([0, 1, 4, 12, 60]) * chance.random() for _ in entries)[::-1]
    times = [NOW - timedelta(days=passed) for passed in days]
    dated(database_url, user, times)
    zone = chance.choice(ZONES)
    entries = ledger.history(user, limit=1000)[0]
    found = periods.summed(user, NOW, zone)
    starts = dict(periods._spans(NOW.astimezone(zone)))
    left = entries
    for period in found:
        start = starts.get(period.title, datetime.min.replace(tzinfo=UTC))
        assert sums(period) == added_up([entry for entry in left if entry.created_at >= start])
        left = [entry for entry in left if entry.created_at < start]
    assert left == []
    assert [sums(period) for period, _ in periods.grouped(entries, found)] == list(map(sums, found))


def test_a_clock_that_is_set_back_tears_no_period(database_url):
    user = make_user(50)
    for _ in range(5):
        spend(user, 1)
    hours = [40, 2, 13, 30, 1, 0]  # two entries of today, then two of yesterday again
    dated(database_url, user, [NOW - timedelta(hours=passed) for passed in hours])
    found = periods.summed(user, NOW, UTC)
    assert sum(period.count for period in found) == 6
    assert sum(period.spent for period in found) == 5
    entries = ledger.history(user)[0]
    for period, shown in periods.grouped(entries, found):
        assert sums(period) == added_up(shown)


def test_an_empty_ledger_has_no_periods():
    assert periods.summed(make_user(0), NOW, UTC) == []


def test_a_day_that_begins_twice_begins_at_its_first_midnight():
    havana = ZoneInfo("America/Havana")  # its clocks go back from one to midnight
    for minutes in (30, 90, 150):
        now = datetime(2026, 11, 1, 4, tzinfo=UTC) + timedelta(minutes=minutes)
        today = dict(periods._spans(now.astimezone(havana)))["Today"]
        assert today.astimezone(UTC) == datetime(2026, 11, 1, 4, tzinfo=UTC)
