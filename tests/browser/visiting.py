"""The gallery in Chromium: each state in a window that is kept for who looks at it."""

import re

from tests.gallery.acts import send

VIOLATIONS = """
window.violations = []
document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  violations.push(`${effectiveDirective} blocked ${blockedURI}`))
"""
SIZES = ((320, "light"), (1280, "dark"))


class Visits:
    """Windows on a running gallery; `errors` are those in the console since the last state."""

    def __init__(self, browser, gallery, url):
        self._browser, self._gallery, self._url = browser, gallery, url
        self._pages = {}
        self.errors = []

    def show(self, state):
        """Bring a person's window to a state; return its page."""
        page, address = self.page(state.who), self._gallery.address(state)
        fit(page, *SIZES[0])
        if state.post is None:
            self.errors.clear()
            answer = page.goto(address)
        else:
            page.goto("/-/token")
            self.errors.clear()
            with page.expect_navigation() as navigation:
                send(page, address, state.post)
            answer = navigation.value
        assert answer.status == state.status, f"{state.name} answers {answer.status}"
        if state.act:
            state.act(page)
        return page

    def page(self, who):
        """The window of a person, who is signed in."""
        if who not in self._pages:
            context = self._browser.new_context(base_url=self._url, reduced_motion="reduce")
            context.set_default_timeout(15_000)
            context.add_init_script(VIOLATIONS)
            page = self._pages[who] = context.new_page()
            page.on("console", self._listen)
            page.on("pageerror", lambda error: self.errors.append(str(error)))
            if who != "nobody":
                context.request.get(f"/-/sign-in/{self._gallery.people[who].user_id}")
        return self._pages[who]

    def _listen(self, message):
        """An answer with an error's status is told as an error in the console, too."""
        address = message.location["url"]
        meant = "/api/" in address or address == message.page.url
        told = re.match(r"Failed to load resource: .* status of [45]\d\d ", message.text)
        if message.type == "error" and not (meant and told):
            self.errors.append(f"{message.text} {address}")


def fit(page, width, scheme):
    """Look at a page at another width and in another colour scheme."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
