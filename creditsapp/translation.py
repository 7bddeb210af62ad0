"""Which language a reader reads, and texts in it; the message ids are the English texts."""

from typing import Any
from urllib.parse import urlencode

import flask_babel
from babel import Locale
from flask import Flask, Response, current_app, has_request_context, request, url_for
from flask_babel import Babel, get_locale

from creditsapp.cookies import cookie_name

LANGUAGES = {"en": "English", "de": "Deutsch"}
_COOKIE = "language"
_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Serve every page in the reader's language, and keep the one that `?lang=` chooses."""
    Babel(app, locale_selector=_language)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters["translated"] = translated
    app.context_processor(
        lambda: {"language": get_locale().language, "languages": LANGUAGES, "in_language": _address}
    )

    @app.after_request
    def keep_language(response: Response) -> Response:
        if _chosen():
            response.set_cookie(
                cookie_name(_COOKIE),
                _chosen(),
                max_age=_YEAR,
                secure=app.config["SESSION_COOKIE_SECURE"],
                httponly=True,
                samesite="Lax",
            )
        if response.mimetype == "text/html":
            response.content_language = get_locale().language
            response.vary.update(("Accept-Language", "Cookie"))
        return response


def _language() -> str:
    """What the reader chose now or before, else what the browser prefers; English elsewhere."""
    if not has_request_context():
        return "en"
    kept = request.cookies.get(cookie_name(_COOKIE))
    if kept not in LANGUAGES:
        kept = request.accept_languages.best_match(LANGUAGES)
    return _chosen() or kept or "en"


def _chosen() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else ""


def _address(language: str) -> str:
    """This page in another language; the start page where this one cannot be asked for again."""
    rule = request.url_rule
    page = "" if rule is None or "GET" in (rule.methods or ()) else url_for("home.index")
    return page + "?" + urlencode(request.args.to_dict() | {"lang": language})


def gettext(message: str, **values: Any) -> str:
    """A text in the reader's language; in English where an app speaks no other."""
    if current_app and "babel" in current_app.extensions:
        return str(flask_babel.gettext(message, **values))
    return message % values if values else message


def ngettext(one: str, other: str, number: int, **values: Any) -> str:
    """As `gettext`, in the form that a number needs."""
    if current_app and "babel" in current_app.extensions:
        return str(flask_babel.ngettext(one, other, number, **values))
    return (one if number == 1 else other) % values


def gettext_noop(message: str) -> str:
    """Mark a text that is translated where it is shown."""
    return message


def translated(message: str) -> str:
    """A text of data as it is, in the reader's language: a percent sign in it stays one."""
    return gettext(message) if message else ""  # catalogues keep their own head under ""


def plural(one: str, other: str) -> tuple[str, str]:
    """Two forms of a text with a number in it: ("{n} credit", "{n} credits")."""
    return one, other


def locale() -> Locale:
    """The language of numbers and dates."""
    known = current_app and "babel" in current_app.extensions
    return (get_locale() if known else None) or Locale("en")
