"""What is wrong with a page's HTML, by the parsing rules of HTML and by rules of our own."""

from collections import Counter

import html5lib
from html5lib.constants import E as MESSAGES

NAMING = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "for", "list")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def faults(html):
    """Every fault of a page, in words."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(html)
    found = [f"line {place[0]}: {MESSAGES[code] % values}" for place, code, values in parser.errors]
    for check in (_ids, _headings, _head, _inline, _images, _forms, _buttons):
        found += check(root)
    return found


def _ids(root):
    """Ids are unique, and what is named by its id exists."""
    counts = Counter(element.get("id") for element in root.iter() if element.get("id"))
    yield from (f"id {name} is there {count} times" for name, count in counts.items() if count > 1)
    for element in root.iter():
        named = [name for key in NAMING for name in element.get(key, "").split()]
        href = element.get("href", "")
        if element.tag == "a" and href.startswith("#"):
            named.append(href[1:])
        yield from (
            f"{element.tag} names {name}, which is nowhere" for name in set(named) - set(counts)
        )


def _headings(root):
    """One h1, and no level left out; those that cannot be seen do not count."""
    levels = [int(element.tag[1]) for element in _shown(root) if element.tag in HEADINGS]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} h1"
    yield from (
        f"h{lower} follows h{upper}"
        for upper, lower in zip([0, *levels], levels, strict=False)
        if lower > upper + 1
    )


def _shown(element):
    """The elements below, without those that are hidden or wait in a closed dialog."""
    for child in element:
        hidden = child.get("hidden") is not None
        closed = child.tag == "dialog" and child.get("open") is None
        if isinstance(child.tag, str) and not hidden and not closed:
            yield child
            yield from _shown(child)


def _head(root):
    if not root.get("lang"):
        yield "no language"
    if not title(root):
        yield "no title"


def title(root):
    """The title of a page."""
    return (root.findtext("head/title") or "").strip()


def _inline(root):
    """Nothing that the policy forbids: styles, handlers and scripts in the page."""
    for element in root.iter():
        for name in element.keys():
            if name == "style" or name.startswith("on"):
                yield f"{element.tag} has {name}"
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            yield f"{element.tag} in the page"


def _images(root):
    for image in root.iter("img"):
        if image.get("alt") is None:
            yield f"no alt: {image.get('src')}"


def _forms(root):
    """A form that is sent by POST has its token; what it sends has a name."""
    for form in root.iter("form"):
        names = [each.get("name") for each in form.iter("input")]
        if form.get("method") == "post" and "csrf_token" not in names:
            yield f"no token in the form to {form.get('action')}"
        if form.get("method") == "post" and not form.get("action"):
            yield "a form without an address"


def _buttons(root):
    for button in root.iter("button"):
        if not "".join(button.itertext()).strip() and not button.get("aria-label"):
            yield "a button without a name"
