"""Every page of the gallery is valid HTML and keeps our own rules."""

from collections import defaultdict
from urllib.parse import urlsplit

import html5lib
import pytest

from tests.gallery.markup import faults, title
from tests.gallery.states import STATES

FAULTY = """<!doctype html><html><head><title> </title></head><body>
<h1>One</h1><h1>Two</h1><h3 id="a">Left out</h3><p id="a" style="color: red">Twice</p>
<a href="#nowhere">Nowhere</a><label for="nobody">Nobody</label>
<img src="a.png"><button></button><form method="post" action="/"></form>
<script>1</script><p onclick="1"><div></p></body></html>"""


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_each_page_is_valid(gallery, state):
    assert faults(gallery.answer(state).text) == []


def test_faults_are_found():
    found = faults(FAULTY)
    for words in (
        "Unexpected end tag (p)",
        "id a is there 2 times",
        "a names nowhere",
        "label names nobody",
        "2 h1",
        "h3 follows h1",
        "no language",
        "no title",
        "p has style",
        "p has onclick",
        "script in the page",
        "no alt: a.png",
        "no token in the form to /",
        "a button without a name",
    ):
        assert any(words in fault for fault in found), (words, found)


def test_different_addresses_have_different_titles(gallery):
    addresses = defaultdict(set)
    for state in STATES:
        if state.status == 200 and state.post is None and "{" not in state.path:
            page = html5lib.parse(gallery.answer(state).text, namespaceHTMLElements=False)
            addresses[title(page)].add(urlsplit(state.path).path)
    assert {name: paths for name, paths in addresses.items() if len(paths) > 1} == {}
