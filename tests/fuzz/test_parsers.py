"""What reads text from outside, with any text: an answer by the rules, or a refusal in one way."""

import json
import os
from decimal import Decimal
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditsapp.navigation import local_path
from creditsapp.services.keys import InvalidKey, caller_key
from creditsapp.strict_json import parse_json
from tests.builders import csrf_token, register
from tests.fuzz.oracle import deep

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 60))

at_length = settings(max_examples=4 * EXAMPLES, deadline=None, print_blob=True)
at_the_app = settings(
    max_examples=EXAMPLES // 3,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
pieces = st.sampled_from(["{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "d800", "\\ud83d\\ude00"])
pieces |= st.sampled_from(
    ["1e400", "1e401", "-0", "NaN", "01", "\ufeff", "\0", "\t", '"a"', "9" * 401]
)
addresses = st.text(st.sampled_from("/\\:.@?#%\t\n\r\0 a2F\u2028javascript"), max_size=20)
words = (
    st.text(max_size=20) | st.integers().map(str) | st.sampled_from(["", "0", "٣", "1e2", "9" * 30])
)


@at_length
@given(value=values, ascii_only=st.booleans())
def test_json_that_is_strict_is_read_as_it_was_meant(value, ascii_only):
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    try:
        found = parse_json(raw)
    except ValueError:
        assert "NaN" in raw.decode() or "Infinity" in raw.decode()
    else:
        assert found == json.loads(raw, parse_float=Decimal)


@at_length
@given(raw=st.lists(pieces, max_size=12).map("".join).map(str.encode) | st.binary(max_size=40))
def test_noise_is_no_json_or_means_one_thing(raw):
    try:
        found = parse_json(raw)
    except ValueError:
        return
    assert found == json.loads(raw.decode(), parse_float=Decimal)
    assert deep(found) <= 64
    json.dumps(found, ensure_ascii=False, default=str).encode()


@pytest.mark.parametrize(
    "around", ["{}", "//{}", "/{}", "/\\{}", "https:{}", "/%09{}", "{}//b.example"]
)
@settings(max_examples=EXAMPLES, deadline=None)
@given(text=addresses)
def test_nobody_is_sent_to_another_site(around, text):
    found = local_path(around.format(text))
    if found is not None:
        # Browsers read a backslash as a slash, and drop tabs and line ends (WHATWG URL, 4.4).
        read = found.replace("\\", "/").translate({9: None, 10: None, 13: None})
        there = urlsplit(urljoin("https://here.example/a/b", read))
        assert (there.scheme, there.netloc) == ("https", "here.example")
        assert found.isprintable() and found.startswith("/")


@at_length
@given(key=st.text(max_size=5) | st.text(st.characters(max_codepoint=0x7F), max_size=300))
def test_a_key_is_visible_ascii_or_refused(key):
    fits = 1 <= len(key.encode("utf-8", "surrogatepass")) <= 255
    fits = fits and all(33 <= ord(letter) <= 126 for letter in key)
    try:
        assert caller_key(key) == f"key:{key}" and fits
    except InvalidKey:
        assert not fits


@pytest.fixture
def ada(client):
    register(client)
    client.token = csrf_token(client.get("/studio/").text)
    return client


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@at_the_app
@given(first=words, second=words, third=words, cookie=words)
def test_filters_pages_and_languages_are_read_or_refused(ada, first, second, third, cookie):
    fields = {"limit": first, "before": second, "q": first, "type": third, "operation": third}
    fields |= {"from": first, "to": second, "lang": third, "next": first, "dollars": second}
    query = urlencode(fields, errors="surrogatepass")
    raw = cookie.encode("utf-8", "surrogatepass").decode("latin-1").replace("\n", "")
    headers = {"HTTP_ACCEPT_LANGUAGE": raw}
    for path in ("/api/credits", "/credits/", "/credits/export.csv", "/studio/creations"):
        answer = ada.get(path, query_string=query, environ_overrides=headers, buffered=True)
        assert answer.status_code in (200, 400), (path, answer.status_code)
    answer = ada.get("/credits/purchase", query_string=query, environ_overrides=headers)
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@at_the_app
@given(cookie=words, zone=words)
def test_cookies_are_read_or_refused(app, cookie, zone):
    raw = f"language={cookie}; zone={zone}; session={cookie}; remember={zone}"
    raw = raw.encode("utf-8", "surrogatepass").decode("latin-1")
    answer = app.test_client(use_cookies=False).get("/", environ_overrides={"HTTP_COOKIE": raw})
    assert answer.status_code in (200, 400)
