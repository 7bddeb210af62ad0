"""A Markdown text as a flat list of blocks, which every paged format can write."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from creditsapp.translation import gettext as _

markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

_NOT_TEXT = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Run:
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False


@dataclass
class Block:
    """A heading, paragraph, item, code, rule or table, with its depth in lists and quotes."""

    kind: str
    runs: list[Run] = field(default_factory=list)
    level: int = 0
    marker: str = ""
    quoted: bool = False
    rows: list[list[list[Run]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words without their style."""
        return "".join(run.text for run in self.runs)


def clean(text: str) -> str:
    """Replace visibly what neither XML nor a page can hold."""
    return _NOT_TEXT.sub(
        "\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n")
    )


def parse(text: str) -> list[Token]:
    """Return the tokens of a Markdown text."""
    return markdown.parse(clean(text))


def title_of(blocks: list[Block]) -> str:
    """Return the first heading, or else the first words."""
    headings = [block.text for block in blocks if block.kind == "heading"]
    texts = [block.text for block in blocks if block.kind != "heading"]
    return next((text for text in headings + texts if text.strip()), "") or _("Untitled")


def blocks_of(tokens: Sequence[Token]) -> list[Block]:
    """Return the blocks of a parsed text in reading order."""
    return list(_walk(tokens))


def _walk(tokens: Sequence[Token]) -> Iterator[Block]:
    lists: list[int | None] = []
    marker, quotes = "", 0
    rows: list[list[list[Run]]] = []
    for index, token in enumerate(tokens):
        level, quoted = len(lists), quotes > 0
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                number = lists[-1]
                marker = "•" if number is None else f"{number}."
                lists[-1] = None if number is None else number + 1
            case "list_item_close" if marker:
                yield Block("item", level=level, marker=marker, quoted=quoted)
                marker = ""
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "heading_open":
                yield Block("heading", _runs(tokens[index + 1]), int(token.tag[1]))
            case "paragraph_open":
                kind = "item" if marker else "paragraph"
                yield Block(
                    kind, _runs(tokens[index + 1]), level=level, marker=marker, quoted=quoted
                )
                marker = ""
            case "fence" | "code_block":
                yield Block(
                    "code", [Run(clean(token.content).rstrip("\n"))], level=level, quoted=quoted
                )
            case "hr":
                yield Block("rule")
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "th_open" | "td_open":
                rows[-1].append(_runs(tokens[index + 1], bold=token.type == "th_open"))
            case "table_close":
                yield Block("table", rows=rows)


def _runs(inline: Token, *, bold: bool = False) -> list[Run]:
    runs: list[Run] = []
    style = Run("", bold=bold)
    links: list[tuple[str, int]] = []
    for token in inline.children or []:
        match token.type:
            case "strong_open" | "strong_close":
                style = replace(style, bold=bold or token.nesting == 1)
            case "em_open" | "em_close":
                style = replace(style, italic=token.nesting == 1)
            case "s_open" | "s_close":
                style = replace(style, struck=token.nesting == 1)
            case "link_open":
                links.append((str(token.attrGet("href") or ""), len(runs)))
            case "link_close":
                href, start = links.pop()
                if href.removeprefix("mailto:") != "".join(run.text for run in runs[start:]):
                    runs.append(replace(style, text=f" ({clean(href)})"))
            case "softbreak":
                runs.append(replace(style, text=" "))
            case "hardbreak":
                runs.append(replace(style, text="\n"))
            case "code_inline":
                runs.append(replace(style, text=clean(token.content), code=True))
            case "image":
                runs.append(replace(style, text=f"[{clean(token.content) or 'image'}]"))
            case _:
                runs.append(replace(style, text=clean(token.content)))
    return [run for run in runs if run.text]
