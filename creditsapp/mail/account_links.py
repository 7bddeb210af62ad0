"""What mails with a link to an account are written from; a link that is over is not sent."""

from typing import Any

from creditsapp import tokens
from creditsapp.models import AccountLink
from creditsapp.services import accounts, links
from creditsapp.services.delivery import Letter, Obsolete
from creditsapp.services.links import DeadLink


def own_link(letter: Letter) -> dict[str, Any]:
    """A link to the account's own address."""
    return {"token": tokens.token(_link(letter).id)}


def unless_taken(letter: Letter) -> dict[str, Any]:
    """A link that gives somebody an address; none where an account has it already."""
    link = _link(letter)
    taken = accounts.is_known(link.email)
    return {"token": None if taken else tokens.token(link.id)}


def _link(letter: Letter) -> AccountLink:
    try:
        return links.find(letter.details["link"])
    except DeadLink:
        raise Obsolete from None
