"""Converted documents shown as HTML, from their bytes alone."""

import io
import re
from html import escape

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview</title>
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


def preview_document(content: bytes) -> tuple[str, bytes]:
    """Show a deck as it is, a Word document's text, and how long a PDF is."""
    if content.startswith(b"%PDF"):
        return _page(_about_pdf(content))
    if content.startswith(b"PK"):
        document = docx.Document(io.BytesIO(content))
        return _page("".join(_html(part) for part in document.iter_inner_content()))
    return "text/html", content


def _page(body: str) -> tuple[str, bytes]:
    return "text/html", _PAGE.format(body=body).encode()


def _about_pdf(content: bytes) -> str:
    # Browsers show no PDF inside a sandbox, so its pages are only counted.
    pages = len(re.findall(rb"/Type /Page\b", content))
    length = "1 page" if pages == 1 else f"{pages} pages"
    return f"<p><strong>A PDF of {length}</strong></p><p>Download it to read it.</p>"


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
