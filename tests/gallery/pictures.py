"""`python -m tests.gallery.pictures [WORD…]`: pictures of the states whose names have a word."""

import sys

from tests.browser.conftest import ARTIFACTS, launched
from tests.browser.visiting import Visits, fit
from tests.gallery.showing import shown
from tests.gallery.states import STATES


def main(words):
    folder = ARTIFACTS / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [state for state in STATES if not words or any(word in state.name for word in words)]
    with shown() as (gallery, url), launched() as browser:
        visits = Visits(browser, gallery, url)
        for state in chosen:
            page = visits.show(state)
            for width in (360, 1280):
                for scheme in ("light", "dark"):
                    fit(page, width, scheme)
                    page.screenshot(
                        path=folder / f"{state.name}-{width}-{scheme}.png", full_page=True
                    )
    sys.stdout.write(f"{4 * len(chosen)} pictures in {folder}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
