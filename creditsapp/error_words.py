"""What error pages say: what happened, what was charged, and what to do next."""

import math
from datetime import timedelta

from babel.dates import format_timedelta
from flask import request
from flask_babel import lazy_gettext

from creditsapp.translation import gettext as _
from creditsapp.translation import locale

_HEADINGS = {
    "csrf_failed": lazy_gettext("This page has expired"),
    "operation_in_progress": lazy_gettext("This is under way already"),
    400: lazy_gettext("We could not read that"),
    401: lazy_gettext("Please sign in"),
    402: lazy_gettext("Not enough credits"),
    403: lazy_gettext("This is not yours to open"),
    404: lazy_gettext("We cannot find this"),
    405: lazy_gettext("That does not work this way"),
    409: lazy_gettext("That cannot be done now"),
    413: lazy_gettext("That is too large"),
    415: lazy_gettext("We cannot read this kind of file"),
    422: lazy_gettext("Something does not fit"),
    429: lazy_gettext("That was very fast"),
    500: lazy_gettext("Something broke on our side"),
    503: lazy_gettext("We cannot do this right now"),
}
_STEPS = {
    "csrf_failed": lazy_gettext("Go back, reload the page and send it again."),
    "operation_in_progress": lazy_gettext(
        "Wait a moment and look in your studio: the result will be there."
    ),
    400: lazy_gettext("Go back, reload the page and try once more."),
    401: lazy_gettext("Sign in, and you can go on."),
    402: lazy_gettext("Buy the missing credits, then try again."),
    403: lazy_gettext("If you think it should be, sign in with the other account."),
    404: lazy_gettext("Check the address, or begin from the start page."),
    405: lazy_gettext("Open the page from the menu and use its buttons."),
    409: lazy_gettext("Go back, reload the page and see how it stands."),
    413: lazy_gettext("Choose a smaller file and send it again."),
    415: lazy_gettext("Choose a file of another kind and send it again."),
    422: lazy_gettext("Go back, change it and send it again."),
    429: lazy_gettext("Wait a minute, then go on."),
    500: lazy_gettext("Try again. If it stays like this, tell us the request number."),
}


def heading(status: int, code: str) -> str:
    """What happened, in a few words."""
    found = _HEADINGS.get(code) or _HEADINGS.get(status)
    return str(found or _("That did not work"))


def charged(status: int, code: str) -> str | None:
    """What was charged, as far as it is known; None where nobody would wonder."""
    if code == "provider_unavailable":
        return None
    if code == "operation_in_progress":
        return _("Nothing more. What is under way is charged once, when it is ready.")
    if status >= 500 and request.method not in ("GET", "HEAD"):
        return _("Your ledger shows it: what is not in it was not charged.")
    return _("Nothing.")


def next_step(status: int, code: str, seconds: int | None) -> str:
    """What to do about it, and when."""
    if seconds is not None and status == 429:
        return _("Wait %(time)s, then go on.", time=duration(seconds))
    if seconds is not None:
        return _("Try again in %(time)s.", time=duration(seconds))
    found = _STEPS.get(code) or _STEPS.get(status)
    return str(found or _("Go back and try once more."))


def duration(seconds: int) -> str:
    """Seconds up to a minute, then minutes and hours, rounded up."""
    for unit in (3600, 60):
        if seconds > unit:
            seconds = math.ceil(seconds / unit) * unit
            break
    return format_timedelta(timedelta(seconds=seconds), threshold=1, locale=locale())
