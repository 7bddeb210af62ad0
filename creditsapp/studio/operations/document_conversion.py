"""Document conversion: Markdown or plain text as slides, a Word document or a PDF."""

from typing import Any

from creditsapp.formatting import number
from creditsapp.studio.operation import (
    MAX_CONTENT,
    ChoiceField,
    InvalidInput,
    Result,
    TextField,
    UploadField,
    operation,
    short_title,
)
from creditsapp.studio.operations.documents.blocks import blocks_of, parse, title_of
from creditsapp.studio.operations.documents.pdf import unshowable, write_pdf
from creditsapp.studio.operations.documents.preview import about_document, preview_document
from creditsapp.studio.operations.documents.slides import write_slides
from creditsapp.studio.operations.documents.uploads import read_text
from creditsapp.studio.operations.documents.word import write_word
from creditsapp.translation import gettext as _
from creditsapp.translation import gettext_noop as N_
from creditsapp.translation import plural

# What a conversion takes grows with these; at the limits it is about ten seconds.
MAX_LINES = 8_000
MAX_MARKS = 50_000

MEDIA_TYPES = {
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def check_source(values: dict[str, Any]) -> None:
    """Refuse a document together with a text, neither, and one that takes too long to convert."""
    if values["document"] and values["text"]:
        raise InvalidInput({"text": _("Give a document or a text, not both.")})
    if not values["document"] and not values["text"]:
        raise InvalidInput({"text": _("Type a text, or choose a document.")})
    source = "document" if values["document"] else "text"
    text = values[source]
    if text.count("\n") >= MAX_LINES:
        reason = _("At most %(most)s lines; please split it.", most=number(MAX_LINES))
        raise InvalidInput({source: reason})
    lost = unshowable(text) if values["format"] == "pdf" else ""
    if lost:
        some = " ".join(lost[:5])
        reason = _("A PDF cannot show %(characters)s here; choose slides or Word.", characters=some)
        raise InvalidInput({"format": reason})
    if sum(map(text.count, "[]|*_`~<>&!")) > MAX_MARKS:
        reason = _("This has too many links, tables or marks; please split it.")
        raise InvalidInput({source: reason})


@operation(
    title=N_("Document conversion"),
    action=N_("Convert document"),
    noun=plural("document", "documents"),
    summary=N_("Turn Markdown or plain text into a slide deck, a Word document or a PDF."),
    cost=5,
    fields=[
        UploadField(
            "document",
            N_("Document"),
            hint=N_("Markdown or plain text in UTF-8, at most 1 MB."),
            required=False,
            accept=".md,.markdown,.txt,text/markdown,text/plain",
            max_bytes=1_000_000,
            check=read_text,
        ),
        TextField(
            "text",
            N_("Or type a text"),
            hint=N_(
                "In slides, each heading of the first two levels and each --- starts a new one."
            ),
            required=False,
            max_length=100_000,
            multiline=True,
            placeholder=N_("# A title"),
        ),
        ChoiceField(
            "format",
            N_("Format"),
            choices=(
                ("html", N_("Slides (HTML)")),
                ("docx", N_("Word (DOCX)")),
                ("pdf", N_("PDF")),
            ),
            default="html",
        ),
    ],
    check=check_source,
    preview=preview_document,
    about=about_document,
    page="studio/results/document_conversion.html",
    order=40,
)
def document_conversion(document: str | None, text: str | None, format: str) -> Result:  # noqa: A002
    """Convert the document or the text."""
    tokens = parse(document or text or "")
    blocks = blocks_of(tokens)
    title = short_title(title_of(blocks))
    if format == "html":
        content = write_slides(title, tokens)
    elif format == "docx":
        content = write_word(title, blocks)
    else:
        content = write_pdf(title, blocks)
    if len(content) > MAX_CONTENT:
        source = "document" if document else "text"
        raise InvalidInput({source: _("This is too long to convert; please split it.")})
    return Result(title, MEDIA_TYPES[format], format, content)
