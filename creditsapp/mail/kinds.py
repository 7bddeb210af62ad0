"""The kinds of mails: `templates/mail/<kind>.txt`, and what it is written from."""

from collections.abc import Callable
from typing import Any

from creditsapp.mail.account_links import own_link, unless_taken
from creditsapp.services.delivery import Letter

Values = Callable[[Letter], dict[str, Any]]


def _details(letter: Letter) -> dict[str, Any]:
    return letter.details


# A kind's values may be looked up; raise Obsolete where there is nothing to say any more.
KINDS: dict[str, Values] = {
    "purchase": _details,
    "refund": _details,
    "dispute": _details,
    "restored": _details,
    "debt": _details,
    "email": unless_taken,
    "email_changed": _details,
    "low_balance": _details,
    "password_changed": _details,
    "register": unless_taken,
    "reset": own_link,
    "verify": own_link,
}
