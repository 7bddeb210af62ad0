"""Pages as a reader sees them."""

from html.parser import HTMLParser

INLINE = {"a", "bdi", "code", "small", "span", "strong", "time"}
VOID = {"br", "hr", "img", "input", "link", "meta", "use"}


def visible(page):
    """The words of a page's main part, without what is hidden."""
    reader = _Reader()
    reader.feed(page[page.index("<main") : page.index("</main>")])
    return " ".join("".join(reader.words).split())


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.depth = [], 0

    def handle_starttag(self, tag, attributes):
        if tag not in VOID and (self.depth or any(name == "hidden" for name, _ in attributes)):
            self.depth += 1
        if tag not in INLINE:
            self.words.append(" ")

    def handle_endtag(self, tag):
        if tag not in VOID and self.depth:
            self.depth -= 1

    def handle_data(self, data):
        if not self.depth:
            self.words.append(data)
