"""The ledger's filter: what it finds, on pages that stay, and in a file."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from creditsapp.services import ledger
from tests.builders import register, spend
from tests.databases import on_both
from tests.services.test_periods import dated
from tests.views.reading import link, numbers, rows

pytestmark = on_both


@pytest.fixture
def mixed(user):
    """Entries 2 to 9 after the welcome credits: spent for two operations, and given."""
    for words in ("A red Boat", "100% wool", "ÄRGER", "under_score"):
        ledger.spend(user, 1, operation="image_generation", description=words)
    for words in ("a boat", "plain"):
        ledger.spend(user, 2, operation="sold_no_more", description=words)
    ledger.grant(user, 10, description="for the boat")
    ledger.refund_usage(ledger.entry(user, 2))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("type=&operation=&from=&to=&q=", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("type=usage", [7, 6, 5, 4, 3, 2]),
        ("type=bonus", [8]),
        ("operation=sold_no_more", [7, 6]),
        ("q=BOAT", [8, 6, 2]),
        ("q=%25", [3]),
        ("q=_", [5]),
        ("q=ärger", [4]),
        ("type=usage&operation=image_generation&q=boat", [2]),
        ("from=2020-01-01&to=2999-12-31&type=refund", [9]),
        ("to=2020-01-01", []),
    ],
)
def test_filters_find_what_they_say_and_the_file_holds_the_same(ada, mixed, query, found):
    page = ada.get(f"/credits/?{query}")
    assert (page.status_code, numbers(page)) == (200, found)
    exported = ada.get(f"/credits/export.csv?{query}")
    assert [int(row["number"]) for row in rows(exported)] == found[::-1]


def test_what_a_filter_finds_is_counted_in_words_and_it_can_be_cleared(ada, mixed):
    page = ada.get("/credits/?type=usage&q=boat")
    assert "2 entries match this filter." in page.text
    assert "2 entries, 3 spent</span>" in page.text
    assert link(page, "Clear the filter") == "/credits/"
    assert "1 entry matches this filter." in ada.get("/credits/?type=bonus").text
    nothing = ada.get("/credits/?q=nowhere")
    assert "No entry matches this filter" in nothing.text
    assert "match" not in ada.get("/credits/").text


def test_operations_offered_are_those_sold_those_seen_and_the_one_asked_for(ada, mixed):
    def offered(query):
        select = (
            ada.get(f"/credits/{query}").text.split('name="operation"')[1].split("</select>")[0]
        )
        return re.findall(r'value="(\w+)"', select)

    assert offered("?q=wool")[-1] == "document_conversion"
    assert offered("")[-1] == "sold_no_more"
    assert offered("?operation=never_heard_of")[-1] == "never_heard_of"
    assert ">Sold no more</option>" in ada.get("/credits/").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("type=gift", "Choose one of the kinds"),
        ("type=usage%01", "Choose one of the kinds"),
        ("operation=%01", "“Operation” holds characters"),
        (f"operation={'x' * 65}", "Choose one of the operations"),
        ("from=yesterday", "“From” has to be a day"),
        ("from=0001-01-01", "“From” has to be a day"),
        ("to=2026-02-30", "“To” has to be a day"),
        ("to=9999-12-31", "“To” has to be a day"),
        ("to=2026-01-01%01", "“To” has to be a day"),
        ("from=2026-02-02&to=2026-02-01", "“To” is before “From”"),
        ("q=a%01b", "“Text in the description” holds characters"),
        (f"q={'x' * 101}", "at most 100 characters"),
    ],
)
def test_a_filter_that_cannot_be_used_is_shown_again_and_shows_nothing(ada, query, words):
    page = ada.get(f"/credits/?{query}")
    assert page.status_code == 400
    assert words in page.text and 'aria-invalid="true"' in page.text
    assert numbers(page) == [] and "\0" not in page.text
    assert ada.get(f"/credits/export.csv?{query}").status_code == 400


@pytest.mark.parametrize("before", ["x", "-1", "1e3", "٣", "9" * 19])
def test_a_broken_link_to_older_entries_is_said_to_be_one(ada, before):
    assert ada.get(f"/credits/?before={before}").status_code == 400


def test_days_are_those_of_the_reader(ada, user, database_url):
    midnight = datetime(2026, 3, 5, 23, tzinfo=UTC)  # in Berlin
    spend(user, 1)
    spend(user, 1)
    dated(database_url, user, [midnight - timedelta(seconds=1), midnight, midnight])
    ada.set_cookie("zone", "Europe/Berlin")
    assert numbers(ada.get("/credits/?from=2026-03-06")) == [3, 2]
    assert numbers(ada.get("/credits/?to=2026-03-05")) == [1]
    ada.set_cookie("zone", "UTC")
    assert numbers(ada.get("/credits/?from=2026-03-05&to=2026-03-05")) == [3, 2, 1]


def test_pages_keep_the_filter_and_stay_while_new_entries_come(ada, user):
    for number in range(20):
        spend(user, 1)
        ledger.grant(user, 1, description=f"gift {number}")
    first = ada.get("/credits/?type=usage&q=")
    assert "Newest entries" not in first.text and len(numbers(first)) == 20
    for _ in range(10):
        spend(user, 1)
    first = ada.get("/credits/?type=usage")
    older = link(first, "Older entries")
    assert older == "/credits/?before=12&type=usage"
    spend(user, 1)
    ledger.grant(user, 1, description="late")
    second = ada.get(older)
    assert numbers(second) == list(range(10, 0, -2))
    assert "Older entries</a>" not in second.text
    assert link(second, "Newest entries") == "/credits/?type=usage"
    assert link(second, "CSV") == "/credits/export.csv?type=usage"
    assert "31 entries match this filter." in second.text


def test_a_file_is_complete_iso_dated_and_free_of_formulas(ada, user):
    wicked = ["=1+1", "+1", "-1", "@x", "\t=1", "\n=1", "\r=1", "  =1", " ＝1", "＋1"]
    for words in [*wicked, "plain - and = later", ""]:
        ledger.spend(user, 1, operation="=cmd", description=words)
    answer = ada.get("/credits/export.csv")
    found = rows(answer)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="credits.csv"'
    assert [row["description"] for row in found[1:]] == [
        *("'" + words for words in wicked),
        "plain - and = later",
        "",
    ]
    assert {row["operation"] for row in found[1:]} == {"'=cmd"}
    assert {row["amount"] for row in found[1:]} == {"-1"}
    assert all(datetime.fromisoformat(row["time"]).utcoffset() == timedelta(0) for row in found)


def test_another_persons_entries_are_on_nobody_elses_page(app, ada, user):
    spend(user, 1, description="secret")
    other = app.test_client()
    register(other)
    assert numbers(other.get("/credits/?q=secret")) == []
    assert rows(other.get("/credits/export.csv?q=secret")) == []
