"""The gallery is complete: each state is what it says, and no page is without one."""

from urllib.parse import urlsplit

import pytest

from tests.gallery.states import STATES

# Endpoints of the browser that never answer with a page.
NO_PAGES = {
    "static": "files",
    "auth.export": "a JSON file",
    "credits.export": "a CSV file",
    "studio.preview": "a creation by itself, in a frame",
    "studio.thumbnail": "a creation's small picture",
    "studio.download": "a creation's file",
    "health.alive": "for a machine",
    "health.ready": "for a machine",
}
MACHINES = ("credits_api", "studio_api", "webhooks", "openapi", "gallery")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_each_state_is_a_page_with_its_status(gallery, state):
    answer = gallery.answer(state)
    assert answer.status_code == state.status, answer.text
    assert answer.mimetype == "text/html"


def test_no_two_states_have_one_name():
    names = [state.name for state in STATES]
    assert len(names) == len(set(names))


def test_every_page_of_the_app_is_in_the_gallery(gallery):
    addresses = gallery.app.url_map.bind("localhost")
    shown = set()
    for state in STATES:
        path = urlsplit(gallery.address(state)).path
        for method in ("GET", "POST"):
            if addresses.test(path, method):
                shown.add(addresses.match(path, method)[0])
    pages = {
        rule.endpoint
        for rule in gallery.app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] not in MACHINES
    }
    assert pages - shown - NO_PAGES.keys() == set()
    assert NO_PAGES.keys() <= pages and not NO_PAGES.keys() & shown
