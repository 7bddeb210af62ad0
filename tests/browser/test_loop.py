"""The whole loop in Chromium: sign up, spend, run out, buy, be credited, go on."""

import re

import pytest

from tests.browser.steps import GENERATE, PROMPT, badge, register, want

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture(params=["sqlite"], autouse=True)
def database_url(request, migrated_sqlite, tmp_path):
    """The pages are the same on every database; the engine is tested on both elsewhere."""
    path = tmp_path / "credits.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


def pay(page, card):
    page.get_by_label("Card number").fill(card)
    page.get_by_label(re.compile("Expiry", re.I)).fill("12/34")
    page.get_by_label(re.compile("CVC|CVV|security", re.I)).fill("123")
    page.get_by_label(re.compile("name", re.I)).fill("Ada Lovelace")
    page.get_by_role("button", name=re.compile("^Pay")).click()


def test_the_loop_with_the_script(open_window):
    window = open_window()
    page = window.page
    register(page)
    assert "50 credits" in badge(page).inner_text()

    want(page, "theme_generation", "the sea at night")
    page.wait_for_url("**/creations/*")
    assert "49 credits" in badge(page).inner_text()
    for number in range(9):
        want(page, "image_generation", f"hills in autumn {number}")
        page.wait_for_url("**/creations/*")
    assert "4 credits" in badge(page).inner_text()

    want(page, "image_generation", "one more picture")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert "1 credit" in dialog.inner_text()
    assert dialog.get_by_role("button", name="Not now").evaluate(
        "b => b === document.activeElement"
    )
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.get_by_role("button", name=GENERATE).click()
    dialog.get_by_role("button", name=re.compile("Continue")).click()

    page.wait_for_url("**/session/*")
    pay(page, "4000 0000 0000 0002")
    page.get_by_text(re.compile("declined", re.I)).first.wait_for()
    window.errors[:] = [error for error in window.errors if "402" not in error]
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url("**/credits/success*")
    page.get_by_role("heading", name="your credits are here").wait_for()
    page.locator("#badge", has_text="104 credits").wait_for()

    page.get_by_role("link", name=re.compile("back to", re.I)).first.click()
    assert page.get_by_label(PROMPT).first.input_value() == "one more picture"
    page.get_by_role("button", name=GENERATE).click()
    page.wait_for_url("**/creations/*")
    assert "99 credits" in badge(page).inner_text()

    page.goto("/credits/")
    page.get_by_role("link", name=re.compile("receipt", re.I)).first.click()
    page.get_by_role("heading", name="Receipt").wait_for()


def test_the_slider_and_the_number_stay_in_step(open_window):
    window = open_window()
    page = window.page
    register(page)
    page.goto("/credits/purchase")
    plenty = page.locator("details > summary").first
    if plenty.count():
        plenty.click()
    slider, number = page.locator("input[type=range]"), page.locator("input[name=dollar_amount]")
    assert number.input_value() == "3"
    slider.fill("20")
    assert number.input_value() == "20"
    assert "400 credits" in page.locator("main").inner_text()
    number.fill("5")
    assert slider.input_value() == "5"
    page.get_by_role("button", name=re.compile("Continue|Buy|Go")).click()
    page.wait_for_url("**/session/*")
    page.get_by_role("link", name=re.compile("cancel", re.I)).first.click()
    page.wait_for_url("**/credits/purchase?cancelled=*")
    assert "50 credits" in badge(page).inner_text()


def test_the_loop_without_a_script(open_window):
    window = open_window(java_script_enabled=False)
    page = window.page
    register(page)
    want(page, "theme_generation", "the sea")
    page.wait_for_url("**/creations/*")
    for number in range(9):
        want(page, "image_generation", f"hills {number}")
        page.wait_for_url("**/creations/*")
    want(page, "image_generation", "one more picture")
    page.get_by_text("Missing").first.wait_for()
    page.get_by_role("button", name=re.compile("Continue")).first.click()
    page.wait_for_url("**/session/*")
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url("**/credits/success*")
    page.get_by_role("heading", name="your credits are here").wait_for()  # by its own reloads
    page.get_by_role("link", name=re.compile("back to", re.I)).first.click()
    page.get_by_role("button", name=GENERATE).click()
    page.wait_for_url("**/creations/*")
    assert "99 credits" in badge(page).inner_text()
