"""Passwords: which will do, how they are kept, and whether one is right."""

import functools
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from creditsapp.services.errors import ServiceError
from creditsapp.translation import gettext as _

LENGTHS = (8, 128)
# Words of this place, OWASP ASVS 5.0 6.2.11.
_OUR_WORDS = frozenset({"creditstudio", "credit studio", "credit-studio", "creditsapp"})

_hasher = PasswordHasher()
# Of no password, with the parameters of `_hasher`: to refuse an unknown address takes as long.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$rln9JqpGZ5+n97UFTOFTBQ"
    "$SrM7NAKOkY1ja5i5/LTHqIiMzWxss4YTe6HhYHiwhmw"
)


class InvalidPassword(ServiceError):
    """A new password is too short, too long, or too easy to guess."""

    code = "invalid_password"
    status = 422


class WrongPassword(ServiceError):
    """Address and password do not belong together."""

    code = "wrong_password"
    status = 422


def hashed(password: str, address: str) -> str:
    """A new password of an account as it is kept; raise InvalidPassword."""
    shortest, longest = LENGTHS
    if not shortest <= len(password) <= longest:
        raise InvalidPassword(
            _(
                "A password has %(shortest)s to %(longest)s characters.",
                shortest=shortest,
                longest=longest,
            )
        )
    folded = password.casefold()
    if folded in (address, address.rpartition("@")[0]):
        raise InvalidPassword(_("Your e-mail address is no password. Please choose another."))
    if folded in _common() or folded in _OUR_WORDS:
        raise InvalidPassword(
            _("This password is one of the first that others would try. Please choose another.")
        )
    try:
        return _hasher.hash(password)
    except UnicodeEncodeError:
        raise InvalidPassword(_("A password is made of Unicode characters.")) from None


@functools.cache
def _common() -> frozenset[str]:
    """The commonest passwords, case-folded (OWASP ASVS 5.0 6.2.4 wants 3000 at least)."""
    return frozenset((files("creditsapp") / "data/common_passwords.txt").read_text().splitlines())


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the kept one; as slow where there is none."""
    try:
        return len(password) <= 1024 and _hasher.verify(_NOBODY if kept is None else kept, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def rehashed(kept: str, password: str) -> str | None:
    """A right password by today's parameters, where it is kept by others."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(kept) else None
