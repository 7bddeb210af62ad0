"""One line for each request, and one number in all that is logged for it."""

import logging
import re

import pytest
import structlog

from creditsapp.mail import postman
from creditsapp.services.errors import OutcomeUnknown
from tests.builders import csrf_token, deliver, event, register
from tests.databases import on_sqlite

pytestmark = on_sqlite
NUMBER = re.compile("[0-9a-f]{16}")


@pytest.fixture
def app(make_app):
    return make_app(log_format="json")


def get(client, path, **options):
    """An answer that was taken to its end, as a server does."""
    with client.get(path, **options) as answer:
        return answer


def spend(client, **headers):
    token = csrf_token(client.get("/studio/").text)
    headers["X-CSRFToken"] = token
    json = {"prompt": "a secret sea"}
    with client.post("/api/operations/theme_generation", json=json, headers=headers) as answer:
        return answer


def requests(records):
    return [record for record in records if record["event"] == "request"]


def test_a_request_has_a_line_with_its_route_its_status_and_its_number(client, logged):
    answer = get(client, "/studio/creations/1?q=sought")
    (line,) = logged()
    assert NUMBER.fullmatch(answer.headers["X-Request-ID"])
    assert line.pop("request_id") == answer.headers["X-Request-ID"]
    assert line.pop("duration_ms") >= 0 and line.pop("pid") and line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "creditsapp.logs.requests",
        "event": "request",
        "method": "GET",
        "path": "/studio/creations/1",
        "route": "/studio/creations/<creation_id>",
        "status": 302,
    }


def test_who_asks_what_they_pay_and_what_refused_them_stands_in_the_line(app, client, logged):
    with register(client):
        pass
    logged()
    assert spend(client).status_code == 201
    (paid,) = requests(logged())
    assert (paid["operation"], paid["credits"], paid["user_id"]) == ("theme_generation", 1, 1)
    with app.test_client() as stranger:
        answer = get(stranger, "/api/credits")
    (refused,) = requests(logged())
    assert (answer.status_code, refused["error"]) == (401, "unauthorized")
    assert "user_id" not in refused and "operation" not in refused


def test_a_webhooks_line_says_what_became_of_it(client, logged):
    deliver(client, event("something.new", {})).close()
    deliver(client, event("something.new", {}), secret="whsec_" + "A" * 32).close()
    assert [line.get("webhook", line.get("error")) for line in requests(logged())] == [
        "ignored",
        "invalid_signature",
    ]


def test_a_bug_is_one_line_with_its_trace_and_the_number_that_people_are_told(
    client, logged, monkeypatch
):
    def fail(*_args, **_kwargs):
        raise RuntimeError("a bug\nwith {'lines': 2}")

    monkeypatch.setitem(client.application.view_functions, "auth.login", fail)
    page = get(client, "/auth/login")
    bug, line = logged()
    assert page.headers["X-Request-ID"] in page.text
    assert {bug["request_id"], line["request_id"]} == {page.headers["X-Request-ID"]}
    assert "Traceback" in bug["exception"] and bug["exception"].endswith("'lines': 2}")
    assert (bug["level"], line["level"], line["error"]) == ("error", "error", "internal_error")
    assert "exception" not in line


def test_nobody_forges_a_line_or_drives_a_terminal(client, make_app, capfd):
    path = '/x%0A%1B[31m{"event":"request"}%E2%80%A8%C2%9B%0D'
    get(client, path)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.isascii() and line.isprintable()
    console = make_app(log_format="console")
    logging.getLogger("some.library").warning("one\ntwo\x1b[31m")
    get(console.test_client(), path)
    try:
        raise RuntimeError("2026-01-01 ERROR forged\n2026-01-01 ERROR forged too\x9b")
    except RuntimeError:
        logging.getLogger("some.library").exception("it failed")
    first, second, third, *trace = capfd.readouterr().err.splitlines()
    assert "some.library: one\\ntwo\\x1b[31m" in first
    assert 'path="/x\\n\\u001b[31m' in second and "status=404" in second
    assert third.endswith("it failed")
    assert all(row.startswith("    ") and row.isprintable() for row in trace)


@pytest.mark.parametrize("what", ["verify", "reset"])
def test_no_line_has_the_token_of_a_link(client, logged, what):
    get(client, f"/auth/{what}/rare-for-it-has-no-digit-and-no-capital-at-all")
    (line,) = requests(logged())
    assert line["path"] == line["route"] == f"/auth/{what}/<token>"


def test_who_asks_all_the_time_leaves_no_line_but_a_number(client, logged):
    for path in ("/healthz", "/readyz"):
        assert NUMBER.fullmatch(get(client, path).headers["X-Request-ID"])
    assert logged() == []


@pytest.mark.parametrize("given", ["7f-A.b:c/1=", "a" * 64])
def test_a_number_is_taken_from_a_trusted_proxy_alone(client, make_app, given):
    behind = make_app(proxy_hops=1).test_client()
    headers = {"X-Request-ID": given}
    assert get(behind, "/healthz", headers=headers).headers["X-Request-ID"] == given
    assert NUMBER.fullmatch(get(client, "/healthz", headers=headers).headers["X-Request-ID"])
    for odd in ("", "a" * 65, "a b", "a@b.example", "<b>", "\u00e9"):
        number = get(behind, "/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
        assert NUMBER.fullmatch(number)


def test_a_mail_that_a_request_asked_for_is_logged_with_its_number(
    app, client, logged, monkeypatch
):
    def fail(*_args):
        raise RuntimeError("no mail today")

    monkeypatch.setattr(postman, "send_due", fail)
    form = {"csrf_token": csrf_token(client.get("/auth/forgot").text), "email": "a@b.example"}
    with client.post("/auth/forgot", data=form) as answer:
        number = answer.headers["X-Request-ID"]
    app.extensions["postman"].finish()
    (failed,) = [record for record in logged() if record["event"] == "mails could not be sent"]
    assert failed["request_id"] == number and "no mail today" in failed["exception"]


def test_a_secret_in_a_field_is_cut_out_as_one_in_words(app, logged, caplog):
    log = structlog.get_logger("a.library")
    log.warning("sent to ada@example.com", to="ada@example.com", nested={"key": "whsec_abc"})
    try:
        raise RuntimeError("ada@example.com")
    except RuntimeError:
        log.exception("failed")
    first, second = logged()
    assert (first["event"], first["to"]) == ("sent to <address>", "<address>")
    assert first["nested"] == "{'key': 'whsec_<key>'}"
    assert "ada@" not in second["exception"] + caplog.text and "<address>" in second["exception"]


def test_a_database_that_leaves_a_commit_unknown_is_told_as_that(client, logged, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OutcomeUnknown("lost")

    monkeypatch.setitem(client.application.view_functions, "auth.login", fail)
    assert get(client, "/auth/login").status_code == 503
    (line,) = requests(logged())
    assert (line["error"], line["level"]) == ("outcome_unknown", "error")
