"""Reading text files that strangers send."""

from creditsapp.translation import gettext as _


def read_text(content: bytes) -> str:
    """Return the text of a UTF-8 file; ValueError says why not."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(_("This is not a text file in UTF-8.")) from None
    if "\0" in text:
        raise ValueError(_("This is not a text file."))
    if not text.strip():
        raise ValueError(_("There is no text in this file."))
    return text
