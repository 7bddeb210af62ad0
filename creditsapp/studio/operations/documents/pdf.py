"""A Markdown text as a PDF."""

import functools
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from creditsapp.studio.operations.documents.blocks import Block, Run

INK, QUIET, ACCENT = (34, 37, 45), (91, 97, 112), (59, 75, 184)
SOFT, LINE = (241, 241, 244), (200, 200, 206)
MARGIN, STEP = 22, 7
BODY, LEADING = 11, 6

FONT_FOLDERS = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu-sans-fonts"),
    Path("/usr/share/fonts/TTF"),
)
_FACES = {"": "DejaVuSans", "B": "DejaVuSans-Bold", "I": "DejaVuSans-Oblique",
          "BI": "DejaVuSans-BoldOblique"}  # fmt: skip
_PLAIN = str.maketrans({"•": "·", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"',
                        "…": "...", "−": "-"})  # fmt: skip


class Page(FPDF):
    """An A4 document with page numbers, in DejaVu where the machine has it."""

    def __init__(self) -> None:
        super().__init__()
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, MARGIN)
        self.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))
        folder = _folder()
        self.sans, self.mono = ("sans", "mono") if folder else ("helvetica", "courier")
        if folder:
            for style, face in _FACES.items():
                self.add_font("sans", style, _face(folder, face))
                self.add_font("mono", style, _face(folder, "DejaVuSansMono"))

    def footer(self) -> None:
        """Write the page's number."""
        self.set_y(-15)
        self.set_font(self.sans, "", 9)
        self.set_text_color(*QUIET)
        self.cell(0, 6, str(self.page_no()), align="R")

    def text_for(self, text: str, font: str) -> str:
        """Return what the font can show of a text, with a sign for the rest."""
        text = text.replace("\t", "    ")
        face = self.fonts.get(font)
        if isinstance(face, TTFFont):
            known = face.cmap
            return "".join(c if c == "\n" or ord(c) in known else "□" for c in text)
        return text.translate(_PLAIN).encode("latin-1", "replace").decode("latin-1")


def _face(folder: Path, name: str) -> Path:
    # Small installations have no oblique faces; upright ones stand in for them.
    path = folder / f"{name}.ttf"
    upright = "DejaVuSans-Bold.ttf" if "Bold" in name else "DejaVuSans.ttf"
    return path if path.exists() else folder / upright


def unshowable(text: str) -> str:
    """The characters of a text that a PDF would not show rightly: no glyph, or right to left."""
    known = _glyphs(_folder())
    return "".join(
        char
        for char in dict.fromkeys(text.translate(_PLAIN))
        if not char.isspace()
        and unicodedata.category(char) != "Cf"
        and (char not in known or unicodedata.bidirectional(char) in ("R", "AL"))
    )


@functools.cache
def _glyphs(folder: Path | None) -> frozenset[str]:
    if folder is None:
        return frozenset(map(chr, range(32, 256)))
    with TTFont(_face(folder, _FACES[""])) as face:
        return frozenset(map(chr, face.getBestCmap()))


def _folder() -> Path | None:
    return next((f for f in FONT_FOLDERS if (f / "DejaVuSans.ttf").exists()), None)


def write_pdf(title: str, blocks: list[Block]) -> bytes:
    """Return the document with its headings, lists, quotes, code and tables."""
    page = Page()
    page.set_title(title)
    page.add_page()
    for block in blocks:
        _write_block(page, block)
    return bytes(page.output())


def _write_block(page: Page, block: Block) -> None:
    indent = STEP * min(block.level, 10) if block.kind != "heading" else 0
    page.set_left_margin(MARGIN + indent + (STEP if block.quoted else 0))
    page.set_x(page.l_margin)
    page.set_text_color(*(QUIET if block.quoted else INK))
    if block.kind == "heading":
        _write_heading(page, block)
    elif block.kind == "code":
        _write_code(page, block)
    elif block.kind == "rule":
        page.set_draw_color(*LINE)
        page.line(page.l_margin, page.y + 2, page.w - MARGIN, page.y + 2)
        page.ln(7)
    elif block.kind == "table":
        _write_table(page, block)
    else:
        _write_text(page, block)
    page.set_left_margin(MARGIN)


def _write_heading(page: Page, block: Block) -> None:
    size = (24, 18, 14.5, 12.5, 11, 11)[block.level - 1]
    page.ln(2 if page.y <= MARGIN + 1 else size * 0.22)
    if page.will_page_break(size * 1.4):
        page.add_page()
    page.set_text_color(*(ACCENT if block.level == 2 else INK))
    bold = [Run(run.text, True, run.italic, run.struck, run.code) for run in block.runs]
    _write_runs(page, bold, size, size * 0.47)
    page.ln(size * 0.47 + 2.5)


def _write_text(page: Page, block: Block) -> None:
    top, first = page.y, page.page
    if block.marker:
        page.set_font(page.sans, "", BODY)
        marker = page.text_for(block.marker, page.sans)
        page.set_x(max(2, page.l_margin - 2 - page.get_string_width(marker)))
        page.cell(text=marker, h=LEADING)
        page.set_x(page.l_margin)
    _write_runs(page, block.runs, BODY, LEADING)
    page.ln(LEADING + (1.2 if block.kind == "item" else 3))
    if block.quoted:
        start = top if page.page == first else page.t_margin
        page.set_fill_color(*ACCENT)
        page.rect(page.l_margin - 4, start, 0.9, max(page.y - start - 3, 1), "F")


def _write_runs(page: Page, runs: list[Run], size: float, leading: float) -> None:
    for run in runs:
        style = "B" * run.bold + "I" * run.italic + "S" * run.struck
        font = page.mono if run.code else page.sans
        page.set_font(font, style, size)
        page.write(leading, page.text_for(run.text, font))


def _write_code(page: Page, block: Block) -> None:
    page.set_font(page.mono, "", 9.5)
    page.set_fill_color(*SOFT)
    text = page.text_for(block.text, page.mono) or " "
    page.multi_cell(
        0, 5, text, fill=True, align="L", padding=2, new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    page.ln(3)


def _write_table(page: Page, block: Block) -> None:
    rows = [["".join(run.text for run in cell) for cell in row] for row in block.rows]
    # A row has to fit on one page; what is wider or taller becomes lines of text.
    if len(rows[0]) > 6 or any(len(cell) > 300 for row in rows for cell in row):
        for row in rows:
            _write_text(page, Block("item", [Run("  |  ".join(row))]))
        return
    page.set_font(page.sans, "", 10)
    page.set_draw_color(*LINE)
    page.set_fill_color(255)
    with page.table(text_align="LEFT", line_height=5.5, padding=1.2) as table:
        for row in rows:
            line = table.row()
            for cell in row:
                line.cell(page.text_for(cell, page.sans))
    page.ln(4)
