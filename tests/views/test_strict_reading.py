"""Bodies that two readers could understand differently are refused, and change nothing."""

import json

import pytest

from tests.builders import csrf_token, register
from tests.databases import contents

THEME = "/api/operations/theme_generation"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"
SEA = b'{"prompt": "sea"}'


def part(disposition, content, *headers):
    """A form of one part, byte for byte."""
    lines = [b"--b", b"Content-Disposition: " + disposition, *headers, b"", content, b"--b--", b""]
    return b"\r\n".join(lines)


@pytest.fixture
def post(client):
    """Send bytes of a type to an operation, with the token."""
    register(client)
    token = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}
    return lambda type_, body, **headers: client.post(
        THEME, data=body, content_type=type_, headers=token | headers
    )


@pytest.mark.parametrize("type_", [JSON, JSON + "; charset=UTF-8", None])
def test_json_is_read_as_what_it_says_it_is(post, type_):
    assert post(type_, SEA).status_code == 201


def test_only_json_and_forms_are_read(post, database_url):
    before = contents(database_url)
    for type_ in (
        "text/plain",
        "application/xml",
        "text/json",
        "image/png",
        "nonsense",
        JSON + "x",
    ):
        assert post(type_, SEA).status_code == 415, type_
    for charset in ("utf-16", "latin-1"):
        answer = post(f"{JSON}; charset={charset}", SEA)
        assert (answer.status_code, answer.json["error"]) == (415, "unsupported_media_type")
    assert post(JSON, SEA, **{"Content-Encoding": "gzip"}).status_code == 415
    assert contents(database_url) == before


def test_what_json_must_not_be_is_named(post, database_url):
    before = contents(database_url)
    for body in (
        b'{"prompt": "sea", "prompt": "sky"}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"a": ' + b"9" * 401 + b"}",
        b'{"a": 1e401}',
        b'{"a": 1e-401}',
        b'{"a": 0e999999999999999999999}',
        b'{"a": "\\udfff"}',
        b'{"\\ud800": 1}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xc0\x80"}',
        b"\xef\xbb\xbf" + SEA,
        SEA.decode().encode("utf-16"),
        SEA + b"\0",
        SEA + SEA,
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": "\n"}',
        b"{'a': 1}",
        b'{"a": 1,}',
    ):
        answer = post(JSON, body)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_json"), body
    assert contents(database_url) == before


def test_the_deepest_and_longest_json_is_still_read(post):
    for body in (
        b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"a": [' + b"9" * 400 + b", 1e400, 1e-400]}",
        json.dumps({"a": "\U0001f600"}).encode(),
    ):
        answer = post(JSON, body)
        assert (answer.json["error"], answer.json["fields"].keys()) == (
            "invalid_input",
            {"a", "prompt"},
        )


def test_a_form_that_is_no_text_or_no_form_is_400(post, database_url):
    before = contents(database_url)
    for type_, body in (
        (URLENCODED, b"prompt=%ff"),
        (URLENCODED, b"prompt=\xff"),
        (URLENCODED, b"prompt=a%00b"),
        (URLENCODED, b"pr%ffompt=a"),
        (MULTIPART, part(b'form-data; name="prompt"', b"\xff")),
        (MULTIPART, part(b'form-data; name="prompt"', b"a\0b")),
        (MULTIPART, part(b'form-data; name="prompt"', b"\xe9", b"Content-Type: text/plain")),
        (MULTIPART, part(b'form-data; name="pr\xffompt"', b"a")),
        (MULTIPART, part(b'form-data; name="a\0b"', b"a")),
        (MULTIPART, part(b'form-data; name=""', b"a")),
        (MULTIPART, part(b"form-data", b"a")),
        (MULTIPART, part(b'form-data; name="image"; filename="\xff"', b"a")),
        (MULTIPART, b"--b\r\n\r\na\r\n--b--\r\n"),
        (MULTIPART, part(b'form-data; name="prompt"', b"sea")[:-7]),
        (MULTIPART, b"--other--\r\n"),
        ("multipart/form-data", part(b'form-data; name="prompt"', b"sea")),
        ("multipart/form-data; boundary=\xe9", b"x"),
    ):
        answer = post(type_, body)
        assert (answer.status_code, answer.json["error"]) == (400, "bad_request"), body
    assert contents(database_url) == before


def test_a_form_with_too_much_in_it_is_413(post):
    one = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    for type_, body in (
        (URLENCODED, b"&".join([b"a=b"] * 101)),
        (URLENCODED, b"a=" + b"b" * 1024 * 1024),
        (MULTIPART, (one + b"b\r\n") * 101 + b"--b--\r\n"),
        (MULTIPART, part(b'form-data; name="prompt"', b"b" * (1024 * 1024 + 1))),
    ):
        assert post(type_, body).status_code == 413, body[:60]
    assert post(MULTIPART, part(b'form-data; name="prompt"', b"das Meer")).status_code == 201


def test_the_same_field_twice_is_refused_as_in_json(post, database_url):
    before = contents(database_url)
    two = part(b'form-data; name="prompt"', b"sea")[:-7] + part(b'form-data; name="prompt"', b"sky")
    for type_, body in ((URLENCODED, b"prompt=sea&prompt=sky"), (MULTIPART, two)):
        answer = post(type_, body)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input")
        assert answer.json["fields"].keys() == {"prompt"}
    assert contents(database_url) == before
