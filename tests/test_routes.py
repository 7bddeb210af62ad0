"""What holds for every route, found by walking the URL map; tests/views/test_access.py has more."""

import gzip
import re

import pytest

from tests.builders import register

PUBLIC = {
    "static",
    "home.index",
    "auth.register",
    "auth.login",
    "auth.logout",
    "auth.sent",
    "auth.verify",
    "auth.forgot",
    "auth.reset",
    "health.alive",
    "health.ready",
    "openapi.description",
    "webhooks.alive",
    "webhooks.receive",
}
PAGES = [
    "/studio/",
    "/studio/theme_generation",
    "/studio/image_generation",
    "/studio/image_restyle",
    "/studio/document_conversion",
    "/credits/",
    "/credits/purchase",
    "/auth/account",
    "/auth/alerts",
]


@pytest.fixture
def routes(app):
    """Each rule with a path that fits it."""
    return [
        (rule, re.sub("<[^>]+>", "theme_generation", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    ]


def test_every_route_is_guarded_or_on_the_public_list(client, routes):
    for rule, path in routes:
        for method in sorted(rule.methods - {"OPTIONS"}):
            answer = client.open(path, method=method, buffered=True)
            what = f"{method} {path}"
            if rule.endpoint in PUBLIC:
                assert "/auth/login" not in answer.headers.get("Location", ""), what
                assert (
                    not (answer.is_json and answer.data)
                    or answer.json.get("error") != "unauthorized"
                ), what
            elif path.startswith("/api/"):
                assert answer.status_code == 401, what
            else:
                assert answer.status_code in (302, 303), what
                assert "/auth/login" in answer.headers["Location"], what
    assert {rule.endpoint for rule, _path in routes} >= PUBLIC - {"static"}


def test_pages_have_one_heading_a_title_and_no_inline_code(client):
    register(client)
    for path in ("/", *PAGES):
        page = client.get(path, follow_redirects=True).text
        assert page.count("<h1") == 1, path
        assert re.search(r"<title>[^<]+</title>", page), path
        assert not re.search(
            r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|javascript:", page
        ), path
        assert re.search(r'<meta name="csrf-token" content="[^"]+">', page), path


@pytest.mark.parametrize(
    "path",
    [
        "/credits/?before=%ff",
        "/credits/?q=%00",
        "/auth/login?next=%ff%00",
        "/credits/success?purchase=a%00b",
        "/api/credits?limit=%ff",
    ],
)
def test_a_query_that_is_no_text_is_400(client, path):
    register(client)
    assert client.get(path).status_code == 400


def test_a_path_and_a_cookie_that_are_no_text_are_400(app):
    client = app.test_client(use_cookies=False)
    for path in ("/\xff", "/studio/creations/\xc3", "/api/nothing/\xed\xa0\x80"):
        answer = client.get("/", environ_overrides={"PATH_INFO": path})  # as a server hands it over
        assert answer.status_code == 400, path
    for cookie in ("zone=\xff", "session=\0", "\xc3=1"):
        answer = client.get("/", environ_overrides={"HTTP_COOKIE": cookie})
        assert answer.status_code == 400, cookie


@pytest.mark.parametrize(
    "path",
    [
        "/api/credits/purchases/a%00b",
        "/credits/purchases/a%00b",
        "/credits/success?purchase=",
        "/studio/%00",
        "/studio/creations/a%00b",
        "/studio/creations/a%00b/preview",
        "/studio/creations/ABCDEFAB-0000-0000-0000-000000000000",
    ],
)
def test_an_id_that_cannot_be_one_is_missing(client, path):
    register(client)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "cookie", ["remember=1.1|é", "session=é", "zone=é", "zone=../../etc/passwd"]
)
def test_a_broken_cookie_is_no_cookie(client, cookie):
    for path in ("/", "/credits/", "/api/credits"):
        answer = client.get(path, headers={"Cookie": cookie.encode().decode("latin-1")})
        assert answer.status_code in (200, 302, 401)


@pytest.mark.parametrize("host", ["a..b", ".", "x" * 64 + ".example"])
def test_a_broken_host_is_400(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 400


def test_what_is_the_same_for_everybody_is_compressed_and_pages_are_not(client):
    packed = {"Accept-Encoding": "gzip, br"}
    script = client.get("/static/app.js", headers=packed, buffered=True)
    assert script.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in script.vary
    plain = client.get("/static/app.js", buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(script.data) == plain.data
    refused = client.get("/static/app.js", headers={"Accept-Encoding": "gzip;q=0"}, buffered=True)
    assert "Content-Encoding" not in refused.headers
    seen = packed | {"If-None-Match": script.headers["ETag"]}
    assert client.get("/static/app.js", headers=seen, buffered=True).status_code == 304
    register(client)
    for path in ("/studio/", "/credits/", "/api/credits", "/credits/export.csv"):
        assert "Content-Encoding" not in client.get(path, headers=packed).headers
