"""Every error as a page: what happened, what was charged, and what to do next."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import TooManyRequests, abort

from creditsapp.extensions import db
from creditsapp.services import ledger
from creditsapp.services.errors import InsufficientCredits, OperationInProgress, OutcomeUnknown
from tests.views.seen import visible

STATUSES = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503]


def failing(error):
    """A view that raises."""

    def view():
        raise error

    return view


@pytest.fixture
def app(make_app):
    """The app with routes that fail as they are told."""
    app = make_app()
    failures = {
        "bug": RuntimeError("a bug"),
        "poor": InsufficientCredits(Decimal(5), Decimal(4), Decimal(4)),
        "debt": InsufficientCredits(Decimal(5), Decimal(-40), Decimal(-40)),
        "busy": OperationInProgress("This is being worked on already."),
        "unsure": OutcomeUnknown("This may have been done, or not."),
        "away": OperationalError("SELECT 1", {}, Exception("gone")),
    }
    for name, error in failures.items():
        app.add_url_rule(f"/fail/{name}", name, failing(error), methods=["GET", "POST"])
    app.add_url_rule("/fail/<int:status>", "status", lambda status: abort(status))
    app.testing = False  # a bug is answered and not raised
    return app


def charged(page):
    return re.search("What was charged (.*?) What to do next", visible(page.text))[1]


@pytest.mark.parametrize("status", STATUSES)
def test_every_error_has_a_page_with_its_own_words_and_the_menu(ada, status, caplog):
    page = ada.get(f"/fail/{status}")
    assert page.status_code == status
    words = visible(page.text)
    assert charged(page) == "Nothing."
    assert f"Error {status}" in words and "That did not work" not in words
    assert 'aria-label="Main"' in page.text and 'id="badge"' in page.text
    others = [visible(ada.get(f"/fail/{other}").text) for other in STATUSES if other != status]
    assert words.split(" What was")[0] not in [other.split(" What was")[0] for other in others]


def test_an_error_that_nobody_foresaw_is_a_page_too(ada):
    assert "That did not work" in visible(ada.get("/fail/418").text)


def test_a_bug_has_a_request_id_that_is_in_the_log(ada, caplog):
    page = ada.get("/fail/bug?prompt=hills")
    request_id = re.search("<code>([0-9a-f]{16})</code>", page.text)[1]
    assert f"request {request_id} failed" in caplog.messages
    assert "a bug" not in page.text and 'href="/fail/bug?prompt=hills">Try again' in page.text


def test_what_broke_in_the_middle_of_something_may_have_been_charged(ada, caplog):
    for path in ("/fail/bug", "/fail/away", "/fail/unsure"):
        page = ada.post(path)
        assert charged(page) == "Your ledger shows it: what is not in it was not charged."
        assert "Try again</a>" not in page.text


def test_a_page_that_cannot_be_drawn_with_the_menu_is_drawn_without(ada, monkeypatch, caplog):
    monkeypatch.setattr(ledger, "balance", lambda user_id: 1 / 0)
    for path, status in (("/fail/bug", 500), ("/nothing", 404)):
        page = ada.get(path)
        assert page.status_code == status
        assert 'aria-label="Main"' not in page.text and "Start page" in page.text


def test_without_the_database_the_page_says_when_to_come_back(app, ada):
    def fail(*_args):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", fail)
    page = ada.get("/studio/")
    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", fail)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Try again in 5 seconds." in visible(page.text)
    assert 'aria-label="Main"' not in page.text


@pytest.mark.parametrize(
    ("wait", "words"),
    [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (90, "2 minutes"), (3601, "2 hours")],
)
def test_too_often_says_how_long_to_wait(make_app, wait, words):
    app = make_app()
    app.add_url_rule("/often", "often", failing(TooManyRequests(retry_after=wait)))
    page = app.test_client().get("/often")
    assert page.headers.getlist("Retry-After") == [str(wait)]
    assert f"Wait {words}, then go on." in visible(page.text)


def test_missing_credits_add_up(ada):
    words = visible(ada.get("/fail/poor").text)
    assert "This needs 5 credits You have available 4 credits Missing 1 credit" in words
    words = visible(ada.get("/fail/debt").text)
    assert "This needs 5 credits Owed or reserved 40 credits Missing 45 credits" in words


def test_work_that_is_under_way_is_charged_once(ada):
    page = ada.post("/fail/busy")
    assert page.status_code == 409
    assert charged(page).startswith("Nothing more.") and "under way already" in page.text


def test_too_large_an_upload_is_a_page(ada):
    page = ada.post("/studio/image_restyle", data={"picture": (b"x" * 11_000_000)})
    assert page.status_code == 413 and charged(page) == "Nothing."


def test_signing_out_on_an_expired_page_says_so(ada):
    page = ada.post("/auth/logout", data={"csrf_token": "old"})
    assert page.status_code == 400
    assert "This page has expired" in visible(page.text)


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login"])
def test_an_expired_account_form_keeps_what_was_typed(client, path):
    page = client.post(path, data={"csrf_token": "old", "email": "ada@example.com"})
    assert page.status_code == 422 and "form had expired" in page.text
    assert 'value="ada@example.com"' in page.text
