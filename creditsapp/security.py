"""Cookies, headers, and who may frame, script or receive forms."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.datastructures import ImmutableMultiDict

from creditsapp.settings import Settings, instance_secret

MAX_BODY_BYTES = 10 * 1024 * 1024
_DODO = "https://*.dodopayments.com"


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts without any use, and how long at most."""

    idle: timedelta
    absolute: timedelta


# OWASP ASVS 5.0 7.3.1 and 7.3.2; NIST SP 800-63B-4 2.1.3 wants another sign-in after 30 days.
SHORT = Lifetime(timedelta(hours=12), timedelta(days=7))
REMEMBERED = Lifetime(timedelta(days=14), timedelta(days=30))


def configuration(settings: Settings) -> dict[str, Any]:
    """Flask's configuration of sessions, cookies and forms."""
    secure = settings.app_base_url.startswith("https://")
    return {
        "SECRET_KEY": settings.secret_key or instance_secret("secret_key"),
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": REMEMBERED.idle,
        "SESSION_REFRESH_EACH_REQUEST": False,
        # Checked by hand: a signed-out call has to hear 401 before anything else.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def init_app(app: Flask) -> None:
    """Put the security headers on every answer, errors and redirects included."""
    settings: Settings = app.extensions["creditsapp"].settings
    policy = "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            # Chromium holds the redirects after a form to this, too: to checkout and portal.
            f"form-action 'self' {_dodo_origins(settings)}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )

    @app.before_request
    def drop_broken_cookies() -> None:
        """Flask-Login cannot compare a remember cookie that is not ASCII."""
        request.cookies = ImmutableMultiDict(
            (name, value) for name, value in request.cookies.items(multi=True) if value.isascii()
        )

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.app_base_url.startswith("https://"):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def _dodo_origins(settings: Settings) -> str:
    if settings.sandbox_mounted:
        return "http://127.0.0.1:* http://localhost:*"
    if settings.dodo_payments_base_url:
        address = urlsplit(settings.dodo_payments_base_url)
        return f"{_DODO} {address.scheme}://{address.netloc}"
    return _DODO
