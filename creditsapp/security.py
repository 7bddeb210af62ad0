"""Cookies, hosts, headers, and who may frame, script, send or receive forms."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import ImmutableMultiDict

from creditsapp.cookies import Sessions, cookie_name
from creditsapp.headers import ON_EVERY_ANSWER, UNDER_HTTPS
from creditsapp.settings import Settings, instance_secret

MAX_BODY_BYTES = 10 * 1024 * 1024
OUR_OWN = ("same-origin", "none")  # of Sec-Fetch-Site: a page of ours, or somebody's own typing
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
    secure = settings.under_https
    key = settings.secret_key or instance_secret("secret_key")
    before = list(settings.secret_key_fallbacks)
    return {
        "TRUSTED_HOSTS": _hosts(settings),
        "SECRET_KEY": key,
        "SECRET_KEY_FALLBACKS": before,
        "WTF_CSRF_SECRET_KEY": [*before, key],  # the last one signs
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "MAX_FORM_PARTS": 100,
        "SESSION_COOKIE_NAME": cookie_name("session", secure=secure),
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": REMEMBERED.idle,
        "SESSION_REFRESH_EACH_REQUEST": False,
        # Checked by hand: a signed-out call has to hear 401 before anything else.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _hosts(settings: Settings) -> list[str] | None:
    """The names that the app answers to: its own, and this machine's for who looks after it."""
    own = urlsplit(settings.app_base_url).hostname
    return [own, "127.0.0.1", "localhost"] if own else None


def init_app(app: Flask) -> None:
    """Put the security headers on every answer, and refuse what no browser of ours sends."""
    settings: Settings = app.extensions["creditsapp"].settings
    headers = ON_EVERY_ANSWER | {"Content-Security-Policy": _policy(settings)}
    headers |= UNDER_HTTPS if settings.under_https else {}
    app.jinja_env.globals["cookie_name"] = cookie_name
    app.session_interface = Sessions()

    @app.before_request
    def want_a_host() -> None:
        """Links are written with it, where no setting has the address."""
        if not request.routing_exception and not request.host:
            abort(400)

    @app.before_request
    def drop_broken_cookies() -> None:
        """Flask-Login cannot compare a remember cookie that is not ASCII."""
        request.cookies = ImmutableMultiDict(
            (name, value) for name, value in request.cookies.items(multi=True) if value.isascii()
        )

    @app.before_request
    def refuse_other_sites() -> None:
        """No page of another site sends forms here, whatever token it has; JSON wants a header."""
        safe = request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith("/api/")
        if not safe and request.headers.get("Sec-Fetch-Site", "none") not in OUR_OWN:
            raise CSRFError

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static" or response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")  # it depends on who asks
        return response


def _policy(settings: Settings) -> str:
    return "; ".join(
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


def _dodo_origins(settings: Settings) -> str:
    if settings.sandbox_mounted:
        return "http://127.0.0.1:* http://localhost:*"
    if settings.dodo_payments_base_url:
        address = urlsplit(settings.dodo_payments_base_url)
        return f"{_DODO} {address.scheme}://{address.netloc}"
    return _DODO
