"""Every route with every kind of bad value in each of its parameters: refused, never a failure."""

import re

from tests.builders import csrf_token, register
from tests.databases import on_postgresql

VALUES = [b"\xff", b"a\0b", b"", b"'; DROP TABLE wallets; --", b"0" * 3000, b"-1", b"../../etc"]
VALUES += ["٣\u202e\ufeff\x7f😀".encode()]
QUERY = "before limit type operation from to q next purchase cancelled again dollars status waited"
QUERY = f"{QUERY} lang prompt style format".split()
HEADERS = ["Cookie", "Accept-Language", "Accept", "If-None-Match", "X-CSRFToken", "Idempotency-Key"]
HEADERS += [
    "Content-Type",
    "Content-Encoding",
    "Range",
    "If-Modified-Since",
    "Referer",
    "User-Agent",
]
HEADERS += ["Authorization", "X-Forwarded-For", "webhook-id", "webhook-timestamp"]
ENDING = ("/auth/logout", "/auth/sign-out-everywhere")


@on_postgresql  # which takes less than SQLite does
def test_no_bad_value_anywhere_is_a_failure_of_ours(app):
    client = app.test_client()
    register(client, "ada@example.com")
    token = csrf_token(client.get("/studio/").text)
    for rule, method, path in routes(app):
        names = fields(client, path) if method == "POST" else QUERY
        for value in VALUES:
            if rule.arguments:
                as_path = {"PATH_INFO": re.sub("<.*?>", value.decode("latin-1"), rule.rule)}
                ask(client, path, method, token, environ_overrides=as_path)
            pairs = b"&".join(name.encode() + b"=" + quoted(value) for name in names)
            if method == "GET":
                ask(client, path, method, token, query_string=pairs.decode())
            else:
                ask(client, path, method, token, data=b"csrf_token=%s&" % token.encode() + pairs)
    assert client.get("/auth/account").status_code == 200


@on_postgresql
def test_no_bad_header_anywhere_is_a_failure_of_ours(app):
    client = app.test_client(use_cookies=False)
    for _rule, method, path in routes(app):
        for value in VALUES[:5]:
            headers = {f"HTTP_{name.upper().replace('-', '_')}": latin(value) for name in HEADERS}
            headers["CONTENT_TYPE"] = latin(value)
            for broken in (headers, {name: headers[name] for name in list(headers)[1:]}):
                ask(client, path, method, "", environ_overrides=broken)


def routes(app):
    """Each rule with its methods, and a path that fits it."""
    for rule in app.url_map.iter_rules():
        if rule.rule not in ENDING:
            for method in sorted(rule.methods & {"GET", "POST"}):
                yield rule, method, re.sub("<.*?>", "theme_generation", rule.rule)


def ask(client, path, method, token, **options):
    """Send it; 503 is an answer where the provider would have been asked."""
    headers = {"X-CSRFToken": token} if token else {}
    if "data" in options:
        options["content_type"] = "application/x-www-form-urlencoded"
    answer = client.open(path, method=method, headers=headers, buffered=True, **options)
    assert answer.status_code < 500 or answer.status_code == 503, (path, options, answer.text)


def fields(client, path):
    """The names in the forms of a page."""
    return {*re.findall(r'name="(\w+)"', client.get(path).text)} - {"csrf_token"}


def quoted(value):
    """Bytes as an address has them."""
    return b"".join(b"%%%02x" % each for each in value)


def latin(value):
    """Bytes as a server hands over a header; it lets no line breaks and no NUL through."""
    return value.decode("latin-1").replace("\0", "")
