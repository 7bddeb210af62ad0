"""What operators do with accounts: look, close, open, hand over a link, erase."""

import json
import re

import pytest

from creditsapp.services import accounts
from tests.builders import PASSWORD, csrf_token, make_user, spend
from tests.databases import contents, on_sqlite

pytestmark = on_sqlite
ADA = "ada@example.com"


@pytest.fixture
def ada(app):
    with app.app_context():
        user = make_user(50, email=ADA)
        spend(user, 8)
        return user


@pytest.fixture
def users(flask, app):
    def run(*words, code=0, typed=None):
        answer = app.test_cli_runner().invoke(args=("users", *words), input=typed)
        assert answer.exit_code == code, answer.output
        assert "Traceback" not in answer.output
        return answer

    return run


def status(users):
    return json.loads(users("show", ADA, "--json").stdout)["status"]


def can_sign_in(app):
    with app.app_context():
        try:
            return bool(accounts.authenticate(ADA, PASSWORD))
        except accounts.WrongPassword:
            return False


def test_an_account_is_shown_with_its_wallet(users, ada):
    shown = json.loads(users("show", ADA, "--json").stdout)
    assert (shown["id"], shown["status"], shown["available"]) == (ada, "active", 42)
    assert "argon2" not in json.dumps(shown)
    assert re.search(r"^available: +42$", users("show", ADA).stdout, re.MULTILINE)
    assert users("show", "nobody@example.com", code=1).stderr.count("\n") == 1


def test_a_disabled_account_is_closed_until_it_is_enabled(users, app, ada):
    users("disable", ADA, code=2)
    for _ in range(2):
        users("disable", ADA, "--reason", "a chargeback")
    assert (status(users), can_sign_in(app)) == ("disabled", False)
    assert users("reset-link", ADA, code=1).stderr.count("\n") == 1
    assert f"{ADA}    (disabled)" in users("list").stdout
    users("enable", ADA, "--reason", "settled")
    assert (status(users), can_sign_in(app)) == ("active", True)


def test_a_reset_link_sets_a_password_once(users, client, ada):
    link = users("reset-link", ADA).stdout.strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/auth/reset/[\w=-]{64}", link)
    path = link.removeprefix("http://127.0.0.1:8000")
    page = client.get(path)
    form = {"csrf_token": csrf_token(page.text), "new_password": "another battery"}
    form |= dict.fromkeys(re.findall(r'name="(\w*password\w*)"', page.text), "another battery")
    answers = [client.post(path, data=form).status_code for _ in range(2)]
    assert answers[0] == 303 and 400 <= answers[1] < 500


def test_an_account_is_erased_only_by_who_types_its_address(users, app, ada, database_url):
    before = contents(database_url)
    for typed in ("", "y\n", "bob@example.com\n"):
        answer = users("erase", ADA, "--reason", "asked for", code=1, typed=typed)
        assert "Kept are the ledger" in answer.stderr
    assert contents(database_url) == before
    erased = users("erase", ADA, "--reason", "asked for", typed=f"{ADA}\n")
    assert "Kept are the ledger" in erased.stdout
    assert ADA not in json.dumps(contents(database_url))
    assert "erased)" in users("list").stdout
    users("erase", ADA, "--reason", "again", "--yes", code=1)
