"""What cookies are called and who gets one; under https a prefix lets no other host set them.

That is RFC 6265bis.
"""

from typing import Any

from flask import Flask, Response, current_app
from flask.sessions import SecureCookieSessionInterface


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, of which answers that are the same for everybody know nothing.

    Flask-Login looks into each session, and Flask then says `Vary: Cookie`: nobody could keep such
    an answer for longer than a cookie stays the same.
    """

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Send the session, unless the answer is public."""
        if not response.cache_control.public:
            super().save_session(app, session, response)


def cookie_name(name: str, *, secure: bool | None = None) -> str:
    """The name of one of the app's cookies; `secure` where there is no app yet."""
    if secure is None:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
    return f"__Host-{name}" if secure else name
