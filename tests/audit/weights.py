"""What the browser loads for a page the first time, without the pictures that users made."""

import sys
from collections import defaultdict

from tests.browser.conftest import launched
from tests.gallery.states import STATES

AIM = 60_000


def show(gallery, url):
    """Print the weight of each page that has an address, and which are heavier than we aim at."""
    sys.stdout.write(
        f"{'page':32} {'total':>8} {'html':>8} {'css':>8} {'script':>8} {'icons':>8}\n"
    )
    with launched() as browser:
        for state in STATES:
            if state.post is None and state.act is None:
                weight = _weight(browser, gallery, url, state)
                total = sum(weight.values())
                kinds = [weight[kind] for kind in ("document", "stylesheet", "script", "image")]
                figures = " ".join(f"{bytes_:8,}" for bytes_ in [total, *kinds])
                heavy = "  heavy" if total > AIM else ""
                sys.stdout.write(f"{state.name:32} {figures}{heavy}\n")
    sys.stdout.write("\n")


def _weight(browser, gallery, url, state):
    """The bytes of each kind that come over the wire, headers and all."""
    context = browser.new_context(base_url=url)
    if state.who != "nobody":
        context.request.get(f"/-/sign-in/{gallery.people[state.who].user_id}")
    weight, page = defaultdict(int), context.new_page()

    def add(request):
        if not request.url.endswith("/preview"):
            sizes = request.sizes()
            kind = "image" if request.resource_type == "other" else request.resource_type
            weight[kind] += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    page.on("requestfinished", add)
    page.goto(gallery.address(state), wait_until="networkidle")
    context.close()
    return weight
