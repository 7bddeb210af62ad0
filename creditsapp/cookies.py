"""What cookies are called: under https the prefix lets no other host set them (RFC 6265bis)."""

from flask import current_app


def cookie_name(name: str, *, secure: bool | None = None) -> str:
    """The name of one of the app's cookies; `secure` where there is no app yet."""
    if secure is None:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
    return f"__Host-{name}" if secure else name
