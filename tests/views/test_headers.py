"""What every answer says to browsers, whatever was asked and however it went."""

import re

import pytest

from creditsapp import limits
from creditsapp.sandbox import create_sandbox
from creditsapp.security import MAX_BODY_BYTES
from tests.builders import csrf_token, register
from tests.servers import WEBHOOK_SECRET

HTTPS = {"app_base_url": "https://credits.example.com"}
SAME_FOR_ALL = ("GET /api/openapi.json", "HEAD /api/openapi.json")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE")


def every_answer(app, client):
    """An answer of every route to every method, with what is sent to no route at all."""
    for rule in app.url_map.iter_rules():
        path = re.sub("<[^>]+>", "theme_generation", rule.rule)
        for method in METHODS:
            yield f"{method} {path}", client.open(path, method=method, buffered=True)
    for path in ("/nothing", "/api/nothing", "/static/nothing.css", "/%00", "/studio/%ff"):
        yield path, client.get(path, buffered=True)
    yield "style", client.get("/static/css/base.css", buffered=True)
    yield "host", client.get("/", headers={"Host": "a b"})
    yield "413", client.post("/auth/login", data="x" * (MAX_BODY_BYTES + 1))


def assert_closed(what, headers, *, sandboxed=False):
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'" if sandboxed else "default-src 'none'")
    assert sandboxed or ("unsafe-" not in policy and "frame-ancestors 'none'" in policy), what
    assert headers["X-Content-Type-Options"] == "nosniff", what
    assert headers["X-Frame-Options"] in (("DENY", "SAMEORIGIN") if sandboxed else ("DENY",)), what
    secret = what.endswith(("/auth/verify/theme_generation", "/auth/reset/theme_generation"))
    allowed = {"same-origin", "no-referrer"} if secret else {"same-origin"}
    assert headers["Referrer-Policy"] in allowed, what
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", what
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", what
    assert "camera=()" in headers["Permissions-Policy"], what
    assert "Server" not in headers and "X-Powered-By" not in headers, what
    assert all(len(headers.getlist(name)) == 1 for name in set(headers.keys()) - {"Set-Cookie"})


def test_security_headers_are_on_every_answer(app, client):
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.testing = False
    statuses = set()
    for signed_in in (False, True):
        for what, answer in every_answer(app, client):
            assert_closed(what, answer.headers)
            assert "Strict-Transport-Security" not in answer.headers, what
            kept = answer.headers.get("Cache-Control", "")
            if answer.request.path.startswith("/static/") and answer.status_code < 400:
                assert "no-store" not in kept, what
            else:
                assert kept in ("no-store", "private, no-cache") or what in SAME_FOR_ALL, what
            statuses.add(answer.status_code)
        if not signed_in:
            register(client)
    assert statuses >= {200, 302, 400, 401, 404, 405, 413, 422, 500}


def test_refusals_of_limits_and_creations_are_closed_as_well(client, monkeypatch):
    register(client)
    token = csrf_token(client.get("/studio/").text)
    url = client.post(
        "/api/operations/theme_generation",
        json={"prompt": "sea"},
        headers={"X-CSRFToken": token},
    ).json["resultUrl"]
    for path in ("/preview", "/download"):
        answer = client.get(url + path)
        assert_closed(path, answer.headers, sandboxed=True)
        assert answer.headers["Cache-Control"].startswith("private")
    monkeypatch.setattr(limits, "read", limits.Limit("no reading", client="0 per hour"))
    answer = client.get("/api/credits")
    assert answer.status_code == 429
    assert_closed("429", answer.headers)
    assert answer.headers["Cache-Control"] == "no-store"


def test_under_https_browsers_come_back_by_https_alone(make_app):
    app = make_app(**HTTPS)
    for what, answer in every_answer(app, app.test_client()):
        told = answer.headers["Strict-Transport-Security"]
        assert told == "max-age=31536000; includeSubDomains", what


def test_the_sandbox_has_the_same_headers(tmp_path):
    sandbox = create_sandbox(
        database=tmp_path / "sandbox.db",
        api_key=None,
        webhook_secret=WEBHOOK_SECRET,
        webhook_url=None,
    )
    for what, answer in every_answer(sandbox, sandbox.test_client()):
        assert_closed(what, answer.headers)


@pytest.mark.parametrize(("prefix", "settings"), [("", {}), ("__Host-", HTTPS)])
def test_cookies_are_for_this_host_and_not_for_scripts(make_app, prefix, settings):
    app = make_app(**settings)
    client = app.test_client()
    base = settings.get("app_base_url", "http://localhost")
    token = csrf_token(client.get("/auth/register", base_url=base).text)
    fields = {"csrf_token": token, "email": "ada@example.com", "password": "correct horse"}
    answers = [
        client.post("/auth/register?lang=de", data=fields, base_url=base),
        client.get("/auth/account?lang=de", base_url=base),
        client.get("/nothing?lang=de", base_url=base),
    ]
    found = [line for answer in answers for line in answer.headers.getlist("Set-Cookie")]
    assert {line.split("=")[0] for line in found} == {f"{prefix}session", f"{prefix}language"}
    for line in found:
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= attributes
        assert ("secure" in attributes) == bool(prefix)
        assert not any(each.startswith("domain") for each in attributes)
    german = client.get("/auth/account", base_url=base)
    assert 'lang="de"' in german.text
    assert f'data-zone-cookie-value="{prefix}zone"' in german.text
