"""Where people are sent next, never off this site."""

from urllib.parse import urlsplit


def local_path(target: str | None) -> str | None:
    """The target if it is a path of this site, else None.

    Browsers read a backslash as a slash and drop tabs and newlines, so these are refused.
    """
    if not target or len(target) > 500 or not target.isprintable() or "\\" in target:
        return None
    if not target.startswith("/") or target.startswith("//"):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target
