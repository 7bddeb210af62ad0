"""Where people are sent after signing in: never off this site, whatever the address says."""

import re
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creditsapp.navigation import local_path
from tests.builders import PASSWORD, csrf_token, make_user

OFF = [
    "//evil.example",
    "///evil.example",
    "////evil.example/..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x01//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "mailto:a@evil.example",
    "evil.example",
    "@evil.example",
    "//localhost@evil.example",
    "//localhost\\@evil.example/",
    "/\r\nLocation: https://evil.example",
    "/studio/\r\nSet-Cookie: session=x",
    "/\u2028/evil.example",
    "?next=//evil.example",
    "",
]
HERE = [
    "/",
    "/studio/theme_generation?prompt=a%20b",
    "/@evil.example",
    "/.//evil.example",
    "/%09/evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/\u2215evil.example",
    "/\uff0f\uff0fevil.example",
    "/;@evil.example",
    "/credits/?q=https://evil.example",
]


def goes_to(location):
    """The host where a browser ends up from ours, by the URL standard of WHATWG: it drops tabs,
    newlines and what stands before, and reads a backslash as a slash."""
    read = re.sub("[\t\n\r]", "", location.strip("".join(map(chr, range(33))))).replace("\\", "/")
    scheme = re.match("([a-zA-Z][a-zA-Z0-9+.-]*):(.*)", read, re.DOTALL)
    if scheme:
        rest = scheme[2].lstrip("/") if scheme[1].lower() in ("http", "https") else ""
    elif read.startswith("//"):
        rest = read.lstrip("/")
    else:
        return "localhost"
    return re.split("[/?#]", rest)[0].rpartition("@")[2]


@given(st.text(st.sampled_from("/\\@:.?#%;\t\n\r\0 \u2215\uff0f\u2028hxe09afps"), max_size=12))
@example("/\\/evil")
def test_what_is_taken_for_local_stays_here_in_every_browser(target):
    found = local_path(target)
    assert found is None or (found == target and goes_to(found) == "localhost")
    assert found is not None or not re.fullmatch(r"/([a-z0-9][a-z0-9.%?;]*)?", target)


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
def test_signing_in_leads_to_the_path_or_to_the_studio(app, path):
    with app.app_context():
        make_user(email="ada@example.com")
    for number, target in enumerate(OFF + HERE):
        client = app.test_client()
        page = client.get(f"{path}?next={quote(target)}")
        email = f"person{number}@example.com" if "register" in path else "ada@example.com"
        fields = {"csrf_token": csrf_token(page.text), "email": email, "password": PASSWORD}
        answer = client.post(f"{path}?next={quote(target)}", data=fields)
        location = answer.headers["Location"]
        assert answer.status_code == 303 and location.isascii() and location.isprintable()
        assert goes_to(location) == "localhost" and location.startswith("/")
        assert (urlsplit(location).path == "/studio/") == (target in OFF), target
        assert (f'action="{path}"' in page.text) == (target in OFF), target
        assert client.get(f"{path}?next={quote(target)}").headers["Location"] == location
