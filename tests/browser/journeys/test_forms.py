"""Forms keep what was typed, with the script and without it, whatever went wrong."""

import re

import pytest

from tests.browser.steps import GENERATE, PROMPT, badge, register

pytestmark = [pytest.mark.browser, pytest.mark.processes]

with_and_without_script = pytest.mark.parametrize(
    "window", [True, False], indirect=True, ids=["script", "no-script"]
)
FORGET_TOKEN = "document.querySelector('main form [name=csrf_token]').value = 'old'"


@pytest.fixture
def window(open_window, request):
    window = open_window(java_script_enabled=getattr(request, "param", True))
    yield window
    window.errors[:] = [error for error in window.errors if "Failed to load resource" not in error]


@with_and_without_script
def test_an_account_form_keeps_all_but_the_password(window):
    page = window.page
    page.goto("/auth/register")
    page.get_by_label(re.compile("name", re.I)).fill("Ada Lovelace")
    page.get_by_label(re.compile("E-mail")).fill("ada@nowhere")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_label("Password", exact=True).press("Enter")
    page.locator("[aria-invalid=true]").first.wait_for()
    assert page.get_by_label(re.compile("E-mail")).input_value() == "ada@nowhere"
    assert page.get_by_label(re.compile("name", re.I)).input_value() == "Ada Lovelace"
    assert page.get_by_label("Password", exact=True).input_value() == ""


@with_and_without_script
def test_an_operation_keeps_the_wish_that_it_refuses(window):
    page = window.page
    register(page)
    page.goto("/studio/document_conversion")
    page.get_by_label(re.compile("text", re.I)).first.fill("# Words 漢字")
    page.get_by_label("PDF").check()
    page.get_by_role("button", name=re.compile("^Convert")).click()
    page.get_by_text(re.compile("cannot show")).first.wait_for()
    assert page.get_by_label(re.compile("text", re.I)).first.input_value() == "# Words 漢字"
    assert page.get_by_label("PDF").is_checked()
    assert "6 credits" in badge(page).inner_text()


def test_an_expired_form_keeps_the_wish(window):
    page = window.page
    register(page)
    page.goto("/studio/theme_generation")
    page.get_by_label(PROMPT).first.fill("the sea")
    page.evaluate(FORGET_TOKEN)
    page.evaluate("document.querySelector('main form').submit()")  # as without the script
    page.get_by_text(re.compile("expired")).first.wait_for()
    assert page.get_by_label(PROMPT).first.input_value() == "the sea"
    page.get_by_role("button", name=GENERATE).click()
    page.wait_for_url("**/creations/*")


@with_and_without_script
def test_a_purchase_keeps_the_number_that_is_not_for_sale(window):
    page = window.page
    register(page)
    page.goto("/credits/purchase")
    number = page.locator("input[name=dollar_amount]")
    number.fill("7777")
    number.evaluate("input => input.removeAttribute('max')")
    number.press("Enter")
    page.get_by_text(re.compile("from 1 to 500")).first.wait_for()
    assert page.locator("input[name=dollar_amount]").input_value() == "7777"
    assert page.url.partition("?")[0].endswith("/credits/purchase")


def test_a_wish_survives_a_server_that_cannot_be_reached(window):
    page = window.page
    register(page)
    page.goto("/studio/theme_generation")
    page.get_by_label(PROMPT).first.fill("the sea")
    page.route("**/api/operations/*", lambda route: route.abort())
    page.get_by_role("button", name=GENERATE).click()
    page.get_by_text(re.compile("nothing is charged twice")).wait_for()
    assert page.get_by_label(PROMPT).first.input_value() == "the sea"
    page.reload()
    assert page.get_by_label(PROMPT).first.input_value() == "the sea"
    page.unroute_all()
    page.get_by_role("button", name=GENERATE).click()
    page.wait_for_url("**/creations/*")
    assert "5 credits" in badge(page).inner_text()
