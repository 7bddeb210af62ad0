"""What is done on a page, by a person with the script, to bring it to a state."""

import re


def open_details(page):
    """Open all that can be opened."""
    for summary in page.locator("details:not([open]) > summary").all()[::-1]:
        summary.click()


def open_dialog(page):
    """Want what costs too much."""
    prompt(page).fill("hills in autumn")
    price_button(page).click()
    page.get_by_role("dialog").wait_for()


def busy(page):
    """Press the button, while the answer does not come."""
    page.route("**/api/operations/*", lambda route: None)
    prompt(page).fill("the sea")
    price_button(page).click()
    page.locator("form[aria-busy=true]").wait_for()


def refused(page):
    """Send what the server does not take: the script says so in the page."""
    prompt(page).evaluate("field => { field.required = false; field.value = '' }")
    price_button(page).click()
    page.get_by_text(re.compile("nothing was charged", re.I)).first.wait_for()


def prompt(page):
    """Where a wish is typed."""
    return page.get_by_role("textbox").first


def price_button(page):
    """The button of a paid operation."""
    return page.get_by_role("button", name=re.compile(r"\d+ credits?$")).first
