"""A Markdown text as a Word document."""

import io
import zipfile
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from creditsapp.studio.operations.documents.blocks import Block, Run

# One moment for every document, so that the same text gives the same bytes.
MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def write_word(title: str, blocks: list[Block]) -> bytes:
    """Return the document, as far as possible in the styles that Word has for its elements."""
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.created = MOMENT
    document.core_properties.modified = MOMENT
    for block in blocks:
        _write_block(document, block)
    file = io.BytesIO()
    document.save(file)
    return _repack(file)


def _write_block(document: Document, block: Block) -> None:
    if block.kind == "table":
        _write_table(document, block)
    elif block.kind == "heading":
        _write_runs(document.add_heading("", block.level), block.runs)
    elif block.kind == "item":
        _write_item(document, block)
    elif block.kind == "code":
        _write_code(document, block)
    elif block.kind == "rule":
        _underline(document.add_paragraph())
    else:
        paragraph = document.add_paragraph(style="Quote" if block.quoted else None)
        paragraph.paragraph_format.left_indent = _indent(block.level + block.quoted)
        _write_runs(paragraph, block.runs)


def _write_item(document: Document, block: Block) -> None:
    depth = min(block.level, 3)
    if block.marker == "•":
        paragraph = document.add_paragraph(
            style="List Bullet" if depth == 1 else f"List Bullet {depth}"
        )
    else:
        # Word would go on counting from the list before, so the number is text.
        paragraph = document.add_paragraph(f"{block.marker}\t")
        paragraph.paragraph_format.left_indent = _indent(block.level)
        paragraph.paragraph_format.first_line_indent = Cm(-0.75)
        paragraph.paragraph_format.tab_stops.add_tab_stop(_indent(block.level))
    paragraph.paragraph_format.space_after = Pt(4)
    _write_runs(paragraph, block.runs)


def _write_code(document: Document, block: Block) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.left_indent = _indent(block.level)
    properties = paragraph._p.get_or_add_pPr()
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), "F1F1F4")
    # The schema wants the shade before the indent.
    properties.insert_element_before(shade, "w:tabs", "w:spacing", "w:ind", "w:jc")
    _write_runs(paragraph, [Run(block.text, code=True)])


def _write_table(document: Document, block: Block) -> None:
    width = max(len(row) for row in block.rows)
    table = document.add_table(len(block.rows), width, style="Light Grid Accent 1")
    # Asking the table for a cell walks over all of them; its rows know theirs.
    for row, line in zip(table.rows, block.rows, strict=True):
        for cell, runs in zip(row.cells, line, strict=False):
            _write_runs(cell.paragraphs[0], runs)
    document.add_paragraph()


def _write_runs(paragraph: Paragraph, runs: list[Run]) -> None:
    for each in runs:
        run = paragraph.add_run(each.text)
        run.bold = each.bold or None
        run.italic = each.italic or None
        run.font.strike = each.struck or None
        if each.code:
            run.font.name = "Courier New"
            run.font.size = Pt(10)


def _underline(paragraph: Paragraph) -> None:
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "A0A0A8")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _indent(level: int) -> Cm | None:
    return Cm(0.75 * min(level, 8)) if level else None


def _repack(file: io.BytesIO) -> bytes:
    """Give every part the same time, which python-docx takes from the clock."""
    packed = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, MOMENT.timetuple()[:6])
            target.writestr(part, source.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
