"""What holds for every route, found by walking the URL map."""

import gzip
import re

import pytest

from tests.builders import csrf_token, register

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
        method = "POST" if "POST" in rule.methods else "GET"
        answer = client.open(path, method=method, buffered=True)
        if rule.endpoint in PUBLIC:
            assert "/auth/login" not in answer.headers.get("Location", ""), path
            assert not answer.is_json or answer.json.get("error") != "unauthorized", path
        elif path.startswith("/api/"):
            assert answer.status_code == 401, path
        else:
            assert answer.status_code in (302, 303), path
            assert "/auth/login" in answer.headers["Location"], path


def test_every_unsafe_route_wants_the_token(client, routes):
    register(client)
    for rule, path in routes:
        if "POST" in rule.methods and rule.endpoint != "webhooks.receive":
            answer = client.post(path, data={"csrf_token": "forged", "email": "x@example.com"})
            assert answer.status_code in (400, 422), path


def test_security_headers_are_on_every_answer(client, routes):
    answers = [client.get(path, buffered=True) for _, path in routes]
    register(client)
    answers += [client.get(path, buffered=True) for _, path in routes]
    answers += [client.get("/nothing"), client.post("/auth/logout")]
    with client.get("/static/css/base.css") as stylesheet:
        answers.append(stylesheet)
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        secret = answer.request.path.startswith(("/auth/verify/", "/auth/reset/"))
        assert answer.headers["Referrer-Policy"] == ("no-referrer" if secret else "same-origin")
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


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


def test_another_persons_objects_answer_like_missing_ones(app):
    owner, other = app.test_client(), app.test_client()
    register(owner)
    register(other)
    token = csrf_token(owner.get("/studio/").text)
    made = owner.post(
        "/api/operations/theme_generation",
        json={"prompt": "sea"},
        headers={"X-CSRFToken": token},
    ).json
    for path in ("", "/preview", "/download"):
        url = made["resultUrl"] + path
        assert owner.get(url).status_code == 200
        missing = other.get(url.replace(made["id"], "0" * 36))
        foreign = other.get(url)
        assert (foreign.status_code, missing.status_code) == (404, 404)
        strip = re.compile(made["id"] + "|0{36}|" + r'content="[^"]+"|value="[^"]+"')
        assert strip.sub("", foreign.text) == strip.sub("", missing.text)
    for path in ("/credits/purchases/", "/api/credits/purchases/", "/credits/success?purchase="):
        assert other.get(path + "0" * 36).status_code == 404


@pytest.mark.parametrize(
    "path", ["/%ff", "/studio/%00", "/credits/?before=%ff", "/auth/login?next=%ff%00"]
)
def test_broken_bytes_in_an_address_are_no_server_error(client, path):
    register(client)
    assert client.get(path).status_code < 500


@pytest.mark.parametrize(
    "path",
    [
        "/api/credits/purchases/a%00b",
        "/credits/purchases/a%00b",
        "/credits/success?purchase=a%00b",
        "/credits/success?purchase=",
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
