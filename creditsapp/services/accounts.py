"""Who the users are: the only service that knows them by more than a number."""

import unicodedata
from decimal import Decimal

import email_validator
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from creditsapp.driver import Driver
from creditsapp.extensions import db
from creditsapp.models import User
from creditsapp.services import audit, wallets
from creditsapp.services.errors import ServiceError
from creditsapp.services.keys import caller_key
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction, violates
from creditsapp.translation import gettext as _

PASSWORD_LENGTHS = (8, 128)
LONGEST_NAME = 120
_JOINERS = "\u200c\u200d"  # not printable by themselves, but they hold words and emoji together

email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # an intranet's .local is an address, too

_hasher = PasswordHasher()
# Of no password, with the parameters of `_hasher`: to refuse an unknown address takes as long.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$rln9JqpGZ5+n97UFTOFTBQ"
    "$SrM7NAKOkY1ja5i5/LTHqIiMzWxss4YTe6HhYHiwhmw"
)


class EmailTaken(ServiceError):
    """Another account has this address."""

    code = "email_taken"
    status = 422


class InvalidEmail(ServiceError):
    """The text is not an e-mail address."""

    code = "invalid_email"
    status = 422


class InvalidPassword(ServiceError):
    """A new password is too short or too long."""

    code = "invalid_password"
    status = 422


class WrongPassword(ServiceError):
    """Address and password do not belong together."""

    code = "wrong_password"
    status = 422


class UserNotFound(ServiceError):
    """Nobody has this address."""

    code = "not_found"
    status = 404


@retried
def register(
    email: str,
    password: str,
    *,
    name: str = "",
    welcome: Decimal,
    alert_below: Decimal | int = 0,
    actor: str | None = None,
    reason: str = "",
    key: str | None = None,
) -> User:
    """Make an account with its wallet and `welcome` credits (0 for none) as entry 1.

    A balance below `alert_below` is told by mail (0: never).
    With an actor it leaves a line in the operators' audit trail, and a key that made this account
    before gives it again. Raise InvalidEmail, InvalidPassword, EmailTaken or InvalidKey.
    """
    stored_key = None if key is None else caller_key(key)
    user: User = User(
        email=normalised(email),
        name=_presentable(name),
        password_hash=_hash(password),
        session_version=1,
        created_at=now(),
    )
    try:
        with transaction() as session:
            session.add(user)
            session.flush()
            wallets._open(session, user.id, alert_below)
            if welcome:
                post_unguarded(Driver.of(session), _welcome(user.id, welcome))
            if actor:
                audit._record(
                    session,
                    actor=actor,
                    command="users create",
                    subject=f"user {user.id}",
                    reason=reason,
                    details={},
                    key=stored_key,
                )
    except IntegrityError as error:
        if not violates(error, "uq_users_email"):
            raise
        known = by_email(email)
        if stored_key and audit.done("users create", f"user {known.id}", stored_key):
            return known
        raise EmailTaken(_("There is an account with this address already.")) from None
    return user


def _welcome(user_id: int, amount: Decimal) -> Movement:
    return Movement(
        user_id=user_id,
        amount=amount,
        type="initial",
        key="welcome",
        description="Welcome credits",
    )


def authenticate(email: str, password: str) -> User:
    """The user with this address and password; raise WrongPassword, as slowly for nobody."""
    try:
        user = _by_email(email)
    except InvalidEmail:
        user = None
    known = user.password_hash if user else _NOBODY
    if not _matches(known, password) or user is None or not user.is_active:
        raise WrongPassword(_("The e-mail address or the password is not right."))
    return user


@retried
def change_name(user_id: int, name: str) -> User:
    """Call a user by another name; an empty one is none."""
    with transaction() as session:
        user: User = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
        user.name = _presentable(name)
    return user


@retried
def change_password(user_id: int, current: str, new: str) -> User:
    """Set another password and end every older session. Raise WrongPassword, InvalidPassword."""
    known = db.session.get_one(User, user_id, populate_existing=True).password_hash
    if not _matches(known, current):
        raise WrongPassword(_("This is not your current password."))
    fresh = _hash(new)
    with transaction() as session:
        user: User = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
        if user.password_hash != known:
            raise WrongPassword(_("Your password was changed at the same moment."))
        user.password_hash = fresh
        user.session_version += 1
    return user


def has_password(user: User, password: str) -> bool:
    """Whether this is the user's password."""
    return _matches(user.password_hash, password)


def by_email(email: str) -> User:
    """The user with this address; raise UserNotFound."""
    try:
        user = _by_email(email)
    except InvalidEmail:
        user = None
    if user is None:
        raise UserNotFound(f"There is no user with the address {email!r}.")
    return user


def _by_email(email: str) -> User | None:
    found: User | None = db.session.scalar(select(User).where(User.email == normalised(email)))
    return found


def everyone() -> list[User]:
    """All users, oldest first."""
    return list(db.session.scalars(select(User).order_by(User.id)))


def emails(user_ids: set[int]) -> dict[int, str]:
    """The addresses of some users."""
    rows = db.session.execute(select(User.id, User.email).where(User.id.in_(user_ids)))
    return {user_id: email for user_id, email in rows}


def normalised(email: str) -> str:
    """An address as it is compared: NFKC, case-folded; raise InvalidEmail."""
    folded = unicodedata.normalize("NFKC", email.strip()).casefold()
    try:
        checked = email_validator.validate_email(folded, check_deliverability=False)
    except email_validator.EmailNotValidError:
        raise InvalidEmail(_("This does not look like an e-mail address.")) from None
    return checked.normalized.casefold()


def _presentable(name: str) -> str:
    shown = "".join(char for char in name if char.isprintable() or char in _JOINERS)
    return shown[:LONGEST_NAME].strip(" " + _JOINERS)


def _hash(password: str) -> str:
    shortest, longest = PASSWORD_LENGTHS
    if not shortest <= len(password) <= longest:
        raise InvalidPassword(
            _(
                "A password has %(shortest)s to %(longest)s characters.",
                shortest=shortest,
                longest=longest,
            )
        )
    try:
        return _hasher.hash(password)
    except UnicodeEncodeError:
        raise InvalidPassword(_("A password is made of Unicode characters.")) from None


def _matches(password_hash: str, password: str) -> bool:
    try:
        return len(password) <= 1024 and _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
