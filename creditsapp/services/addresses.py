"""E-mail addresses: how they are compared, and which of them reach the same person."""

import unicodedata

import email_validator

from creditsapp.services.errors import ServiceError
from creditsapp.translation import gettext as _

email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # an intranet's .local is an address, too

# Other names of the same mailboxes, marks that a provider ignores, and what begins a tag beside
# "+": https://www.usercheck.com/guides/how-to-normalize-email-addresses.
_SAME_DOMAIN = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
}
_IGNORED = {"gmail.com": ".", "proton.me": ".-_"}
_HYPHEN_TAGS = ("yahoo", "ymail", "rocketmail")
_SUBDOMAINS = ("fastmail.com", "fastmail.fm")


class InvalidEmail(ServiceError):
    """The text is not an e-mail address."""

    code = "invalid_email"
    status = 422


def normalised(email: str) -> str:
    """An address as it is compared: NFKC, case-folded; raise InvalidEmail."""
    folded = unicodedata.normalize("NFKC", email.strip()).casefold()
    try:
        checked = email_validator.validate_email(folded, check_deliverability=False)
    except email_validator.EmailNotValidError:
        raise InvalidEmail(_("This does not look like an e-mail address.")) from None
    return checked.normalized.casefold()


def inbox(address: str) -> str:
    """One spelling for all normalised addresses that lead to one mailbox.

    Nothing is ever sent there: it only tells whether two addresses are one person's.
    """
    local, _at, domain = address.rpartition("@")
    domain = _SAME_DOMAIN.get(domain, domain)
    for parent in _SUBDOMAINS:  # anything@ada.fastmail.com is ada@fastmail.com
        if domain.endswith("." + parent):
            local, domain = domain.removesuffix("." + parent), parent
    local = _untagged(local, "+")
    if domain.partition(".")[0] in _HYPHEN_TAGS:
        local = _untagged(local, "-")
    for mark in _IGNORED.get(domain, ""):
        local = local.replace(mark, "")
    return f"{local}@{domain}"


def _untagged(local: str, mark: str) -> str:
    return local.partition(mark)[0] or local
