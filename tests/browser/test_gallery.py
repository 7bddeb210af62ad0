"""Every page in every state: no finding of axe, no error, no violation, no sideways scrolling."""

import os
from zlib import crc32

import pytest

from tests.browser.inspecting import AXE_VERSION, findings, seen
from tests.browser.visiting import SIZES, Visits, fit
from tests.gallery.states import STATES, State
from tests.servers import Servers

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture(scope="session")
def visits(chromium, gallery, tmp_path_factory):
    servers = Servers(gallery.database_url, tmp_path_factory.mktemp("servers"))
    with servers.app_alone("tests.gallery.wsgi:application()"):
        yield Visits(chromium, gallery, servers.url)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_nothing_is_wrong_with_a_page(visits, state):
    page = visits.show(state)
    found = {}
    for size in SIZES:
        fit(page, *size)
        found[size] = findings(page) if size in for_axe(state) else seen(page)
    assert (found, visits.errors) == ({size: [] for size in SIZES}, [])


def for_axe(state):
    """The sizes at which axe looks at a state: one by its name, since that takes a second."""
    return SIZES if "BOTH" in os.environ else [SIZES[crc32(state.name.encode()) % len(SIZES)]]


def test_a_faulty_page_is_found_out(visits):
    page = visits.show(State("faulty", "/-/faulty"))
    found = findings(page)
    for words in (
        "color-contrast: font",
        "label: input",
        "target-size: button",
        "px wide in a window of 320",
        "no space is kept for",
        "style-src-attr blocked inline",
    ):
        assert any(words in each for each in found), (words, found)
    assert any("Content Security Policy" in error for error in visits.errors)
    assert any("404" in error for error in visits.errors)
    assert page.evaluate("axe.version") == AXE_VERSION
