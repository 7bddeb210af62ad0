"""A user says below which balance they are told."""

import pytest

from creditsapp.services import accounts, alerts, mails
from tests.builders import csrf_token, spend


def choose(browser, credits):
    page = browser.get("/auth/alerts")
    data = {"csrf_token": csrf_token(page.text), "credits": credits}
    return browser.post("/auth/alerts", data=data)


def test_a_new_user_is_told_below_ten_credits_until_they_choose_otherwise(ada, user):
    assert "falls below 10 credits." in ada.get("/auth/account").text
    assert 'value="10"' in ada.get("/auth/alerts").text
    assert choose(ada, "25").status_code == 303
    assert "falls below 25 credits." in ada.get("/auth/account").text
    spend(user, 26)
    assert "low_balance" in [mail.kind for mail in mails.stored()]
    assert choose(ada, "0").status_code == 303
    assert "We do not write to you about a low balance." in ada.get("/auth/account").text


def test_the_setting_says_what_a_new_user_begins_with(make_app):
    commands = make_app(low_balance_credits="2.5").test_cli_runner()
    commands.invoke(args=["users", "create", "b@example.com"])
    assert alerts_of(make_app(), "b@example.com") == 2.5
    make_app(low_balance_credits="0").test_cli_runner().invoke(
        args=["users", "create", "c@example.com"]
    )
    assert alerts_of(make_app(), "c@example.com") is None


def alerts_of(app, email):
    with app.app_context():
        return alerts.threshold(accounts.by_email(email).id)


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "1000001", "9" * 5000, "x", "NaN"])
def test_anything_else_is_refused_in_words(ada, user, typed):
    answer = choose(ada, typed)
    assert answer.status_code == 422
    assert "Enter a whole number from 0 to 1,000,000." in answer.text
    assert alerts.threshold(user) == 10
