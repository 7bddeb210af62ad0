"""A real Chromium from the system's packages; what goes wrong in a page fails the test."""

import shutil
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest

ARTIFACTS = Path(__file__).parent.parent.parent / ".artifacts"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched():
    """The system's browser, without a window."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from playwright.sync_api import sync_playwright
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium: `make browser` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chromium():
    """The browser, for the whole session."""
    with launched() as browser:
        yield browser


class Window:
    """A browser window that remembers what a person would not see: errors in its console."""

    def __init__(self, browser, servers, **options):
        self.context = browser.new_context(base_url=servers.url, **options)
        self.context.set_default_timeout(15_000)
        self.errors = []
        self.page = self.context.new_page()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _listen(self, message):
        """A refusal that the script handles is told by the browser as an error, too."""
        if message.type == "error" and "402 (PAYMENT REQUIRED)" not in message.text:
            self.errors.append(message.text)

    def picture(self, name):
        """Keep the page as a picture, wide and narrow, light and dark."""
        ARTIFACTS.mkdir(exist_ok=True)
        size = self.page.viewport_size
        for width in (1280, 360):
            self.page.set_viewport_size({"width": width, "height": 900})
            overflow = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not self.page.evaluate(overflow), f"{name} scrolls sideways at {width} px"
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)
                path = ARTIFACTS / f"{name}-{width}-{scheme}.png"
                self.page.screenshot(path=path, full_page=True)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(size)


@pytest.fixture
def open_window(chromium, servers):
    """Open windows on the app; at the end none may have had an error."""
    opened = []

    def open_one(**options):
        window = Window(chromium, servers, **options)
        opened.append(window)
        return window

    yield open_one
    for window in opened:
        window.context.close()
    assert [error for window in opened for error in window.errors] == []
