"""The ledger page: its head, its groups, its chart, and where its rows lead."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.services import accounts, ledger
from tests.builders import (
    csrf_token,
    dispute_event,
    make_purchase,
    payment_event,
    refund_event,
    register,
    settle,
    spend,
)
from tests.services.test_periods import dated
from tests.views.reading import link, numbers


def test_a_group_without_entries_on_the_page_has_its_sums_and_leads_to_them(
    ada, user, database_url
):
    for _ in range(30):
        ledger.grant(user, 1, description="x")
    old = datetime.now(UTC) - timedelta(days=90)
    dated(database_url, user, [old] * 2 + [datetime.now(UTC)] * 29)
    page = ada.get("/credits/")
    earlier = page.text.split("Earlier")[1]
    assert "2 entries, 51 added" in earlier
    assert numbers(ada.get(link(page, "Show these entries"))) == [2, 1]
    older = ada.get(link(page, "Older entries"))
    assert len(numbers(older)) == 6
    assert "Nothing older" not in older.text
    end = ada.get("/credits/?before=1")
    assert "Nothing older" in end.text and numbers(end) == []
    assert link(end, "Newest entries") == "/credits/"


def test_the_chart_says_what_came_and_went_in_numbers_too(ada, user):
    spend(user, 20)
    page = ada.get("/credits/").text
    assert "In 30 days 50 credits came in and 20 credits went out." in page
    assert "<title id=" in page and page.count('<rect class="bar-in"') == 1
    assert page.count('<rect class="bar-out"') == 1
    table = page.split("<table>")[1].split("</table>")[0]
    assert re.findall(r"<td>(.*?)</td>", table) == ["50", "20"]
    assert "<table>" not in ada.get("/credits/?to=2020-01-01").text


def test_rows_lead_to_what_was_made_bought_and_given_back(app, ada, user):
    token = csrf_token(ada.get("/studio/").text)
    made = ada.post(
        "/api/operations/theme_generation", json={"prompt": "sea"}, headers={"X-CSRFToken": token}
    ).json
    order = make_purchase(user, 500)
    settle(payment_event(order))
    ledger.refund_usage(ledger.entry(user, 2))
    page = ada.get("/credits/")
    assert link(page, "See the result") == made["resultUrl"]
    assert link(page, "Receipt") == f"/credits/purchases/{order.id}"
    assert 'href="/credits/?before=3#entry-2"' in page.text
    assert 'id="entry-2"' in ada.get("/credits/?before=3").text
    assert "Bought for $500<" in page.text and "Given back<" in page.text


def test_large_prices_are_grouped_and_typed_descriptions_stay_as_typed(make_app):
    app = make_app(max_purchase_dollars=5000)
    client = app.test_client()
    register(client, "bob@example.com")
    with app.app_context():
        bob = accounts.by_email("bob@example.com").id
        settle(payment_event(make_purchase(bob, 1000)))
        ledger.grant(bob, 1, description="Bought for $1000 <b>elsewhere</b>")
    page = client.get("/credits/").text
    assert "Bought for $1,000<" in page
    assert "Bought for $1000 &lt;b&gt;elsewhere&lt;/b&gt;" in page


@pytest.mark.parametrize("cause", ["refund", "dispute", "correction"])
def test_a_debt_is_explained_by_the_entry_that_made_it(ada, user, cause):
    assert "You owe" not in ada.get("/credits/").text
    settle(payment_event(make_purchase(user, 5)))
    spend(user, 140)
    if cause == "refund":
        settle(refund_event(amount=500, partial=False))
    elif cause == "dispute":
        settle(dispute_event())
    else:
        ledger.adjust(user, -100, description="counted twice")
    page = ada.get("/credits/").text
    words = {"refund": "was refunded", "dispute": "was disputed", "correction": "was corrected"}
    assert "You owe 90 credits" in page and words[cause] in page
    assert 'href="/credits/?before=5#entry-4">entry 4</a>' in page
    assert "more was taken back" not in page
    ledger.adjust(user, -1, description="again")
    later = ada.get("/credits/").text
    assert "more was taken back" in later and "#entry-4" in later
    ledger.grant(user, 91, description="settled")
    assert "You owe" not in ada.get("/credits/").text


def test_a_wallet_that_began_with_a_debt_names_its_first_entry(make_app):
    app = make_app(initial_free_credits=0)
    client = app.test_client()
    register(client, "bob@example.com")
    assert "Nothing yet" in client.get("/credits/").text
    with app.app_context():
        ledger.adjust(accounts.by_email("bob@example.com").id, -3, description="x")
    assert "#entry-1" in client.get("/credits/").text


def test_who_is_new_is_told_what_the_welcome_credits_can_do(ada, user):
    page = ada.get("/credits/").text
    assert "You have 50 welcome credits" in page
    assert 'href="/studio/theme_generation"' in page
    assert "You have 50" not in ada.get("/credits/?type=usage").text
    spend(user, 1)
    assert "You have 49" not in ada.get("/credits/").text


def test_lifetime_figures_make_up_the_balance(ada, user):
    settle(payment_event(make_purchase(user, 5)))
    used = spend(user, 30)
    ledger.refund_usage(used, 10)
    settle(refund_event(amount=100))
    page = ada.get("/credits/").text
    assert "<dt>Received, all time</dt><dd>130</dd>" in page
    assert "<dt>Used, all time</dt><dd>20</dd>" in page
    assert "30 spent, 160 added, 20 taken back" in page


def test_a_page_asks_the_database_as_often_whatever_it_shows(app, ada, monkeypatch):
    asked = []

    def listen(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    def rows(driver, statement, values, original=Driver.rows):
        asked.append(statement)
        return original(driver, statement, values)

    def count(address):
        asked.clear()
        assert ada.get(address).status_code == 200
        return sum(statement.lstrip().startswith(("SELECT", "WITH")) for statement in asked)

    monkeypatch.setattr(Driver, "rows", rows)
    with app.app_context():
        user = accounts.by_email("ada@example.com").id
        event.listen(db.engine, "before_cursor_execute", listen)
    addresses = ("/credits/", "/credits/?type=usage&q=x&from=2020-01-01", "/credits/purchases")
    assert [count(address) for address in addresses] == [6, 6, 3]
    with app.app_context():
        for number in range(60):
            ledger.refund_usage(spend(user, 1, description="x"))
            settle(payment_event(make_purchase(user, 1), payment_id=f"pay_{number}"))
    assert [count(address) for address in addresses] == [6, 6, 3]
    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", listen)
