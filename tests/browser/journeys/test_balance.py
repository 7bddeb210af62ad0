"""The balance in the header: one tab asks, all follow, and what is not known is not shown."""

import re

import pytest

from tests.browser.steps import badge, make, register, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]

ADDRESS = "**/api/credits/balance"
MINUTE = 61_000
# When the badge changes: kept by the browser, since the page may be left at once.
NOTE_CHANGES = """
new MutationObserver(() => localStorage.setItem(`changed-${name}`, Date.now())).observe(
  document.getElementById("badge"), { subtree: true, characterData: true, childList: true })
"""
LOOK_AWAY = """(away) => {
  Object.defineProperty(document, "hidden", { get: () => away, configurable: true })
  document.dispatchEvent(new Event("visibilitychange"))
}"""
TELL_OTHERS = """(found) => {
  const { balanceChannelValue } = document.getElementById("badge").dataset
  new BroadcastChannel(balanceChannelValue).postMessage(found)
}"""


class Answers:
    """Answers to who asks for the balance, instead of the server's; remembers which tab asked."""

    def __init__(self, context):
        self.asked, self.status = [], 200
        self.found = {"balance": 6, "held": 0, "available": 6, "version": 10}
        context.route(ADDRESS, self._answer)

    def _answer(self, route):
        self.asked.append(route.request.frame.page)
        if self.status is None:
            route.abort()
        else:
            route.fulfill(status=self.status, json=self.found)

    def now(self, credits, version):
        self.found = {"balance": credits, "held": 0, "available": credits, "version": version}


@pytest.fixture
def window(open_window):
    window = open_window()
    register(window.page)
    yield window
    window.errors[:] = [error for error in window.errors if "Failed to load resource" not in error]


@pytest.fixture
def answers(window):
    """The first page is left; the clock of others goes on only when it is told to."""
    found = Answers(window.context)
    window.page.goto("about:blank")
    window.context.clock.install()
    return found


def open_tab(window):
    """A tab of the same browser."""
    tab = window.context.new_page()
    tab.goto("/auth/account")
    return tab


def settled(tab):
    """Let what was begun in a tab come to its end."""
    tab.evaluate("() => navigator.locks.query().then(() => fetch('/healthz'))")


def test_two_tabs_are_in_step_within_a_second(window):
    page, other = window.page, window.context.new_page()
    other.goto("/credits/")
    page.goto("/studio/theme_generation")
    for name, tab in (("own", page), ("other", other)):
        tab.evaluate(f"name = '{name}'")
        tab.evaluate(NOTE_CHANGES)
    page.get_by_role("textbox").first.fill("the sea")
    page.get_by_role("button", name=re.compile("^Generate")).click()
    page.wait_for_url("**/creations/*")
    badge(other).get_by_text("5 credits").wait_for()
    own, others = (
        int(page.evaluate(f"localStorage.getItem('changed-{name}')")) for name in ("own", "other")
    )
    assert abs(others - own) < 1000


def test_one_tab_asks_for_all_and_another_when_it_is_gone(window, answers):
    tabs = [open_tab(window) for _ in range(3)]
    for tab in tabs:
        settled(tab)
    answers.asked.clear()
    answers.now(7, 11)
    window.context.clock.run_for(MINUTE)
    for tab in tabs:
        badge(tab).get_by_text("7 credits").wait_for()
    (leader,) = answers.asked
    leader.close()
    tabs.remove(leader)
    for tab in tabs:
        settled(tab)
    answers.asked.clear()
    answers.now(8, 12)
    window.context.clock.run_for(MINUTE)
    for tab in tabs:
        badge(tab).get_by_text("8 credits").wait_for()
    assert len(answers.asked) == 1


def test_an_older_version_never_overwrites_a_newer_one(window, answers):
    tab, other = open_tab(window), open_tab(window)
    answers.now(9, 12)
    window.context.clock.run_for(MINUTE)
    badge(tab).get_by_text("9 credits").wait_for()
    other.evaluate(TELL_OTHERS, {"balance": 99, "held": 0, "available": 99, "version": 11})
    other.evaluate(TELL_OTHERS, {"balance": 10, "held": 2, "available": 8, "version": 13})
    badge(tab).get_by_text("8 credits").wait_for()
    tab.evaluate(NOTE_CHANGES)
    other.evaluate(TELL_OTHERS, {"balance": 99, "held": 0, "available": 99, "version": 12})
    settled(other)
    settled(tab)
    assert "8 credits" in badge(tab).inner_text()
    answers.now(99, 12)
    tab.evaluate(LOOK_AWAY, True)
    tab.evaluate(LOOK_AWAY, False)
    settled(tab)
    assert "8 credits" in badge(tab).inner_text()
    assert "2 reserved" in badge(tab).inner_text()


def test_who_was_signed_out_asks_no_more(window, answers):
    tab = open_tab(window)
    answers.status = 401
    for _ in range(5):
        window.context.clock.run_for(MINUTE)
        settled(tab)
    tab.evaluate(LOOK_AWAY, True)
    tab.evaluate(LOOK_AWAY, False)
    settled(tab)
    assert len(answers.asked) == 1


def test_a_balance_that_cannot_be_asked_for_says_so_and_stays(window, answers):
    tab = open_tab(window)
    old = badge(tab).get_by_text(re.compile("out of date"))
    assert not old.is_visible()
    for answers.status in (None, 500):
        window.context.clock.run_for(MINUTE)
        old.wait_for()
        assert "6 credits" in badge(tab).inner_text()
    answers.status = 200
    window.context.clock.run_for(MINUTE)
    old.wait_for(state="hidden")


def test_nobody_asks_for_a_tab_that_is_not_looked_at(window, answers):
    tab = open_tab(window)
    tab.evaluate(LOOK_AWAY, True)
    window.context.clock.run_for(5 * MINUTE)
    settled(tab)
    assert answers.asked == []
    answers.now(7, 11)
    tab.evaluate(LOOK_AWAY, False)
    badge(tab).get_by_text("7 credits").wait_for()
    assert len(answers.asked) == 1


def test_only_what_the_user_did_is_announced(window, answers):
    page = window.page
    page.goto("/studio/theme_generation")
    status = page.get_by_role("status")
    assert status.count() == 1 and status.inner_text() == ""
    answers.now(7, 11)
    window.context.clock.run_for(MINUTE)
    badge(page).get_by_text("7 credits").wait_for()
    assert status.inner_text() == ""
    page.evaluate("""() => {
      const status = document.querySelector("[role=status]")
      const keep = () => localStorage.setItem("announced", status.textContent)
      new MutationObserver(keep).observe(status, { childList: true })
    }""")
    page.get_by_role("textbox").first.fill("the sea")
    page.get_by_role("button", name=re.compile("^Generate")).click()
    page.wait_for_url("**/creations/*")
    assert "Credits charged: 1" in page.evaluate("localStorage.getItem('announced')")


def test_the_readers_zone_reaches_the_server(open_window):
    window = open_window(timezone_id="Pacific/Kiritimati")
    register(window.page)
    (zone,) = [each for each in window.context.cookies() if each["name"] == "zone"]
    assert zone["value"] == "Pacific/Kiritimati"


def test_credits_that_were_spent_elsewhere_meanwhile(open_window):
    window, elsewhere = open_window(), open_window()
    register(window.page, "elsewhere@example.com")
    window.page.goto("/studio/image_generation")
    sign_in(elsewhere.page, "elsewhere@example.com")
    make(elsewhere.page, "image_generation", "hills")
    page = window.page
    page.get_by_role("textbox").first.fill("the sea")
    assert "6 credits" in badge(page).inner_text()
    page.get_by_role("button", name=re.compile("^Generate")).click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    words = " ".join(dialog.inner_text().split())
    assert "available 1 credit" in words and "Missing 4 credits" in words
    assert page.get_by_role("textbox").first.input_value() == "the sea"
