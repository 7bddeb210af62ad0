"""Converted documents shown as HTML and told about, from their bytes alone."""

import io
import re
from html import escape
from typing import Any

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from creditsapp.studio.preview import Preview
from creditsapp.translation import gettext as _
from creditsapp.translation import locale

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 42rem; margin: 0 auto; padding: 1.5rem; font: 1rem/1.55 system-ui, sans-serif; }}
body {{ overflow-wrap: anywhere; white-space: pre-wrap; }}
table {{ border-collapse: collapse; width: 100%; }}
td {{ border: 1px solid; padding: 0.3rem 0.5rem; }}
blockquote {{ margin-inline: 0; padding-inline-start: 1rem; border-inline-start: 4px solid; }}
</style>
</head>
<body>{body}</body>
</html>
"""


def preview_document(content: bytes) -> Preview | None:
    """A deck as it is and a Word document's text; browsers show no PDF inside a sandbox."""
    if content.startswith(b"%PDF"):
        return None
    if not content.startswith(b"PK"):
        return Preview("text/html", content)
    document = docx.Document(io.BytesIO(content))
    body = "".join(_html(part) for part in document.iter_inner_content())
    page = _PAGE.format(body=body, title=escape(_("Preview")), language=locale().language)
    return Preview("text/html", page.encode())


def about_document(content: bytes) -> dict[str, Any]:
    """How long a document is, in what its format counts: pages, slides or words."""
    if content.startswith(b"%PDF"):
        return {"pages": len(re.findall(rb"/Type /Page\b", content))}
    if not content.startswith(b"PK"):
        return {"slides": content.count(b"<section")}
    document = docx.Document(io.BytesIO(content))
    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    texts = [paragraph.text for paragraph in document.paragraphs] + [cell.text for cell in cells]
    return {"words": sum(len(text.split()) for text in texts)}


def _html(part: Paragraph | Table) -> str:
    if isinstance(part, Table):
        rows = ("".join(f"<td>{escape(c.text)}</td>" for c in row.cells) for row in part.rows)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    style = part.style.name if part.style else ""
    text = escape(part.text)
    if style.startswith("Heading "):
        return f"<h{style[-1]}>{text}</h{style[-1]}>"
    if style.startswith("List Bullet"):
        return f"<ul><li>{text}</li></ul>"
    return f"<blockquote>{text}</blockquote>" if style == "Quote" else f"<p>{text}</p>"
