"""Periods: summed from a few entries, and yet exactly what all of their entries come to."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from creditsapp.extensions import db
from creditsapp.services import history, ledger, periods
from creditsapp.services.slices import NOTHING, Sums
from creditsapp.services.wanted import ALL, Wanted, span
from tests.builders import make_user, spend
from tests.databases import execute

pytestmark = pytest.mark.usefixtures("context")

NOW = datetime(2026, 3, 19, 12, tzinfo=UTC)  # a Thursday
PERIODS = ("today", "week", "month", "earlier")
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
        spend(user, amount, description=chance.choice(["", "X 100%", "_"]))
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
    return Sums(
        len(entries),
        sum(spent),
        sum(amount for amount in others if amount > 0),
        -sum(amount for amount in others if amount < 0),
    )


def dates(at, zone):
    """The calendar days of the last 30 and the first of each period, worked out anew."""
    today = at.astimezone(zone).date()
    days = [today - timedelta(days=passed) for passed in range(30)]
    week = next(day for day in days if day.weekday() == 0)
    return days, {"today": today, "week": week, "month": today.replace(day=1)}


def story(database_url, chance, zone):
    """A user whose entries, some or none, lie around the days and midnights of two months."""
    user = make_user(200)
    for _ in range(chance.choice([0, 1, 40])):
        moved(user, chance)
    count = len(ledger.history(user, limit=1000)[0])
    midnights = [datetime.combine(day, time.min, zone) for day in dates(NOW, zone)[0]]
    near = [timedelta(0), timedelta(microseconds=-1), timedelta(hours=chance.uniform(-1, 26))]
    times = [
        chance.choice([NOW - timedelta(days=60), chance.choice(midnights) + chance.choice(near)])
        for _ in range(count)
    ]
    dated(database_url, user, sorted(min(one.astimezone(UTC), NOW) for one in times))
    return user, ledger.history(user, limit=1000)[0]


def some_filter(chance, zone):
    """A filter of any kind, and which entries it lets through."""
    since, until = sorted(NOW - timedelta(days=chance.choice([0, 3, 29, 45])) for _ in range(2))
    tests = {
        "type": (chance.choice(["usage", "bonus", "refund", "adjustment"]), "type"),
        "operation": (chance.choice(["test", "sold_no_more"]), "operation"),
    }
    wanted = {name: value for name, (value, _) in tests.items() if chance.random() < 0.4}
    if chance.random() < 0.4:
        wanted["words"] = chance.choice(["X", "given BACK", "100%", "_"])
    if chance.random() < 0.4:
        wanted["since"] = since
    if chance.random() < 0.4:
        wanted["until"] = until

    def fits(entry):
        return (
            wanted.get("type", entry.type) == entry.type
            and wanted.get("operation", entry.operation) == entry.operation
            and wanted.get("words", "").lower() in entry.description.lower()
            and wanted.get("since", entry.created_at) <= entry.created_at
            and ("until" not in wanted or entry.created_at < wanted["until"])
        )

    return Wanted(**wanted), fits


@pytest.mark.parametrize("seed", range(12))
def test_groups_and_days_are_the_sums_of_their_entries(database_url, seed):
    chance = random.Random(seed)
    zone = chance.choice(ZONES)
    user, entries = story(database_url, chance, zone)
    days, begins = dates(NOW, zone)

    def day_of(entry):
        return entry.created_at.astimezone(zone).date()

    for wanted, fits in [(ALL, lambda _: True), *(some_filter(chance, zone) for _ in range(8))]:
        found = periods.summed(user, NOW, zone, wanted)
        left = [entry for entry in entries if fits(entry)]
        assert found.count == len(left)
        assert [day for day, _ in found.days] == days
        for day, sums in found.days:
            assert sums == added_up([entry for entry in left if day_of(entry) == day])
        assert [period.name for period in found.periods] == sorted(
            {period.name for period in found.periods}, key=PERIODS.index
        )
        for name in PERIODS:
            begin = begins.get(name, date.min)
            inside = [entry for entry in left if day_of(entry) >= begin]
            left = [entry for entry in left if day_of(entry) < begin]
            (sums,) = [one.sums for one in found.periods if one.name == name] or [NOTHING]
            assert sums == added_up(inside), (name, wanted)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_listed_and_exported_is_what_was_summed(database_url, seed):
    chance = random.Random(seed)
    zone = chance.choice(ZONES)
    user, entries = story(database_url, chance, zone)
    for wanted, fits in [some_filter(chance, zone) for _ in range(8)]:
        found = periods.summed(user, NOW, zone, wanted)
        expected = [entry.number for entry in entries if fits(entry)]
        assert pages(user, wanted, found) == expected
        after, last = span(user, wanted)
        exported = history.oldest(user, after=after, last=last, wanted=wanted, limit=1000)
        assert [entry.number for entry in exported] == expected[::-1]


def pages(user, wanted, found):
    """The numbers on all pages, one after the other."""
    numbers, last = [], found.last
    while True:
        rows, before = history.page(user, wanted, after=found.after, last=last, limit=7)
        numbers += [row.entry.number for row in rows]
        if before is None:
            return numbers
        assert len(rows) == 7
        last = before - 1


@pytest.mark.parametrize(
    "hours",
    [
        [40, 2, 13, 30, 1, 0],  # two entries of today, then two of yesterday again
        [13, 40, 2, 1, 1, 0],  # one of yesterday, then one of the day before
    ],
)
def test_a_clock_that_is_set_back_tears_no_period(database_url, hours):
    user = make_user(50)
    for _ in range(5):
        spend(user, 1)
    dated(database_url, user, [NOW - timedelta(hours=passed) for passed in hours])
    found = periods.summed(user, NOW, UTC)
    counts = [sums.count for _, sums in found.days]
    assert found.count == 6 == sum(counts) and min(counts) == 0
    assert sum(period.sums.spent for period in found.periods) == 5
    entries = ledger.history(user)[0]
    for period in found.periods:
        inside = [entry for entry in entries if period.after < entry.number <= period.last]
        assert period.sums == added_up(inside)
    of_today = Wanted(since=periods.midnight(NOW.date(), UTC))
    assert periods.summed(user, NOW, UTC, of_today).count == found.periods[0].sums.count


def test_an_empty_ledger_has_no_periods():
    found = periods.summed(make_user(0), NOW, UTC)
    assert found.periods == [] and {sums for _, sums in found.days} == {NOTHING}


def test_a_day_that_begins_twice_begins_at_its_first_midnight():
    havana = ZoneInfo("America/Havana")  # its clocks go back from one to midnight
    assert periods.midnight(date(2026, 11, 1), havana) == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_a_day_without_a_midnight_begins_when_it_begins():
    cairo = ZoneInfo("Africa/Cairo")  # its clocks go on from midnight to one
    assert periods.midnight(date(2026, 4, 24), cairo) == datetime(2026, 4, 23, 22, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_days_of_23_and_25_hours_are_days_of_the_chart(database_url, day, hours):
    user, zone = make_user(50), ZoneInfo("America/New_York")
    for _ in range(3):
        spend(user, 1)
    first = datetime.combine(day, time.min, zone).astimezone(UTC)
    instant = timedelta(microseconds=1)
    last = first + timedelta(hours=hours)
    dated(database_url, user, [first - instant, first, last - instant, last])
    found = periods.summed(user, last + timedelta(days=3), zone)
    counts = {one: sums.count for one, sums in found.days if sums.count}
    next_day, day_before = day + timedelta(days=1), day - timedelta(days=1)
    assert counts == {day_before: 1, day: 2, next_day: 1}


@pytest.mark.parametrize(
    ("today", "names"),
    [
        (date(2026, 3, 19), ["today", "week", "month"]),
        (date(2026, 3, 16), ["today", "month"]),  # a Monday
        (date(2026, 4, 1), ["today", "week"]),  # a Wednesday
        (date(2026, 6, 1), ["today"]),  # a Monday
    ],
)
def test_a_period_without_a_day_of_its_own_is_no_period(today, names):
    assert list(periods._begins(today)) == names
