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
    page.evaluate("() => { window.fetch = () => new Promise(() => {}) }")
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


def send(page, address, fields):
    """Send a form from a page that shows nothing but its token."""
    fields = {"csrf_token": page.input_value("input")} | fields
    listed = [
        [name, list(value) if isinstance(value, bytes) else value, isinstance(value, bytes)]
        for name, value in fields.items()
    ]
    page.evaluate(FORM, [address, listed])


FORM = """
([address, fields]) => {
  const form = document.createElement("form")
  Object.assign(form, { method: "post", action: address, enctype: "multipart/form-data" })
  for (const [name, value, isFile] of fields) {
    const input = document.createElement("input")
    Object.assign(input, { name, type: isFile ? "file" : "hidden" })
    form.append(input)
    if (!isFile) { input.value = value; continue }
    const files = new DataTransfer()
    files.items.add(new File([new Uint8Array(value)], "upload"))
    input.files = files.files
  }
  document.body.append(form)
  form.submit()
}
"""
