"""A file's name for whoever downloads it, made of its title."""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 60


def attachment(title: str, extension: str, *, otherwise: str) -> str:
    """The Content-Disposition of a file (RFC 6266): its title's letters and digits, first those
    of ASCII for old programs, then all (RFC 8187); `otherwise` where there are none.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    name = f"{_joined('[a-z0-9]+', plain) or otherwise}.{extension}"
    whole = _joined(r"[^\W_]+", unicodedata.normalize("NFKC", title))
    found = f'attachment; filename="{name}"'
    if not whole.isascii():
        found += f"; filename*=UTF-8''{quote(f'{whole}.{extension}', safe='')}"
    return found


def _joined(words: str, text: str) -> str:
    return "-".join(re.findall(words, text.lower()))[:LONGEST].rstrip("-")
