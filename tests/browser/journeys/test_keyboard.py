"""The whole loop by the keyboard alone: everything is reached by Tab, and seen where one is."""

import re

import pytest

from tests.browser.steps import BACK, CONTINUE, CREATE_ACCOUNT, GENERATE, PROMPT, badge
from tests.builders import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.processes]

MOST_STOPS = 60
IS_FOCUSED = "element => element === document.activeElement"
# By an outline: its own, of the box that a link fills, or of what labels it.
SHOWS_FOCUS = """() => {
  const { activeElement } = document
  return [activeElement, activeElement.parentElement].some((element) =>
    [null, "::before", "::after"].some((part) =>
      getComputedStyle(element, part).outlineStyle !== "none"))
}"""
IN_DIALOG = (
    "dialog => dialog.contains(document.activeElement) || document.activeElement === document.body"
)


def shows_focus(page):
    """A busy browser moves the focus, or draws it, a moment after the key."""
    for _ in range(20):
        if page.evaluate(SHOWS_FOCUS):
            return True
        page.wait_for_timeout(50)
    return False


def tab_to(page, target):
    """Press Tab until the target has the focus; each stop on the way shows that it has it."""
    target.wait_for()
    page.wait_for_load_state()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        assert shows_focus(page), page.evaluate("document.activeElement.outerHTML")
        if target.evaluate(IS_FOCUSED):
            return
    raise AssertionError(f"{target} is not reached by Tab")


def press(page, target, key="Enter"):
    tab_to(page, target)
    page.keyboard.press(key)


def write(page, target, words):
    tab_to(page, target)
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def named(page, role, name):
    return page.get_by_role(role, name=name).first


def wish(page, words):
    write(page, page.get_by_label(PROMPT).first, words)
    press(page, named(page, "button", GENERATE))


def sign_up(page, email):
    page.goto("/")
    press(page, named(page, "link", CREATE_ACCOUNT))
    write(page, page.get_by_label(re.compile("E-mail")), email)
    write(page, page.get_by_label("Password", exact=True), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/")


def run_out(page):
    press(page, named(page, "link", re.compile("^Image generation")))
    wish(page, "hills in autumn")
    page.wait_for_url("**/creations/*")
    press(page, named(page, "link", re.compile("another", re.I)))
    wish(page, "one more picture")


def leave_and_return(page):
    """The dialog keeps the focus, gives it back when it is closed, and opens again."""
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert dialog.get_by_role("button", name="Not now").evaluate(IS_FOCUSED)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert dialog.evaluate(IN_DIALOG)
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert named(page, "button", GENERATE).evaluate(IS_FOCUSED)
    page.keyboard.press("Enter")
    dialog.wait_for()
    return dialog


def pay(page):
    page.wait_for_url("**/session/*")
    write(page, page.get_by_label("Card number"), "4242424242424242")
    write(page, page.get_by_label(re.compile("Expiry", re.I)), "12/34")
    write(page, page.get_by_label(re.compile("CVC|CVV|security", re.I)), "123")
    write(page, page.get_by_label(re.compile("name", re.I)), "Ada Lovelace")
    press(page, named(page, "button", re.compile("^Pay")))


@pytest.mark.parametrize(
    ("script", "width"), [(True, 320), (False, 1280)], ids=["script-320", "no-script-1280"]
)
def test_the_loop_by_keyboard(open_window, script, width):
    window = open_window(java_script_enabled=script, viewport={"width": width, "height": 700})
    page = window.page
    sign_up(page, f"keyboard-{script}-{width}@example.com")
    run_out(page)
    if script:
        press(page, leave_and_return(page).get_by_role("button", name=CONTINUE))
    else:
        page.get_by_text("Missing").first.wait_for()
        press(page, named(page, "button", CONTINUE))
    pay(page)
    page.get_by_role("heading", name="your credits are here").wait_for()
    badge(page).get_by_text("101 credits").wait_for()
    press(page, named(page, "link", BACK))
    assert page.get_by_label(PROMPT).first.input_value() == "one more picture"
    press(page, named(page, "button", GENERATE))
    page.wait_for_url("**/creations/*")
    badge(page).get_by_text("96 credits").wait_for()
    press(page, named(page, "button", re.compile("^Sign out")))
    page.wait_for_url(re.compile("/$"))
    page.goto("/studio/")
    assert page.url.endswith("/auth/login?next=/studio/")
