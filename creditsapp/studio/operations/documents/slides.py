"""A Markdown text as a deck of slides: one HTML file that needs nothing else, not even a script."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files

import nh3
from markdown_it.token import Token

from creditsapp.studio.operations.documents.blocks import blocks_of, markdown

_TAGS = set(
    "h1 h2 h3 h4 h5 h6 p br hr ul ol li blockquote pre code em strong s a "
    "table thead tbody tr th td".split()
)
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}

# The deck cannot load or run anything, even if the cleaning above had a hole.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{slides}
</main>
</body>
</html>
"""


def write_slides(title: str, tokens: Sequence[Token]) -> bytes:
    """Return the deck, with a new slide at each h1, h2 and rule."""
    page = _PAGE.format(
        policy=_POLICY,
        title=escape(title),
        style=files(__package__).joinpath("slides.css").read_text("utf-8"),
        slides="\n".join(_slide(slide) for slide in _split(tokens)),
    )
    return page.encode()


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    slides: list[list[Token]] = [[]]
    for token in tokens:
        heading = token.type == "heading_open" and token.tag in ("h1", "h2")
        if token.level == 0 and (heading or token.type == "hr") and slides[-1]:
            slides.append([])
        if token.level > 0 or token.type != "hr":
            slides[-1].append(token)
    return [slide for slide in slides if slide] or [[]]


def _slide(tokens: list[Token]) -> str:
    body = nh3.clean(
        markdown.renderer.render(tokens, markdown.options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
    )
    blocks = blocks_of(tokens)
    opening = bool(blocks) and blocks[0].kind == "heading" and blocks[0].level == 1
    kind = ' class="opening"' if opening and len(blocks) <= 3 else ""
    return f'<section{kind} dir="auto">\n<div>\n{body.strip()}\n</div>\n</section>'
