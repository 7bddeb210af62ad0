"""Who the users are: the only service that knows them by more than a number."""

from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import User
from creditsapp.services import audit, passwords, wallets
from creditsapp.services.addresses import InvalidEmail, normalised
from creditsapp.services.errors import ServiceError
from creditsapp.services.keys import caller_key
from creditsapp.services.passwords import WrongPassword
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction, violates
from creditsapp.services.welcome import Bonus, _give, person
from creditsapp.translation import gettext as _

LONGEST_NAME = 120
_JOINERS = "\u200c\u200d"  # not printable by themselves, but they hold words and emoji together


class EmailTaken(ServiceError):
    """Another account has this address."""

    code = "email_taken"
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
    address = normalised(email)
    password_hash, who = passwords.hashed(password, address), person(address)
    try:
        with transaction() as session:
            user = _open(session, address, name, password_hash, alert_below)
            _give(session, user, who, Bonus(welcome))
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
        taken = is_taken(error)
        known = by_email(email)
        if stored_key and audit.done("users create", f"user {known.id}", stored_key):
            return known
        raise taken from None
    return user


def _open(
    session: Session, address: str, name: str, password_hash: str, alert_below: Decimal | int
) -> User:
    """A new account and its empty wallet."""
    user = User(
        email=address,
        name=presentable(name),
        password_hash=password_hash,
        session_version=1,
        created_at=now(),
    )
    session.add(user)
    session.flush()
    wallets._open(session, user.id, alert_below)
    return user


def is_taken(error: IntegrityError) -> EmailTaken:
    """The refusal of an address that another account has; raise the error if it is none."""
    if not violates(error, "uq_users_email"):
        raise error
    return EmailTaken(_("There is an account with this address already."))


def authenticate(email: str, password: str, *, language: str | None = None) -> User:
    """The user with this address and password, who reads a language from now on.

    Raise WrongPassword, as slowly for nobody.
    """
    try:
        user = _by_email(email)
    except InvalidEmail:
        user = None
    right = passwords.matches(user.password_hash if user else None, password)
    if not right or user is None or not user.is_active:
        raise WrongPassword(_("The e-mail address or the password is not right."))
    news: dict[str, str] = {}
    if fresh := passwords.rehashed(user.password_hash, password):
        news["password_hash"] = fresh
    if language and language != user.language:
        news["language"] = language
    if news:
        _keep(user, news)
    return user


@retried
def _keep(user: User, news: dict[str, str]) -> None:
    """Keep what a sign-in brings, unless the password was changed meanwhile."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .values(news)
        )


@retried
def change_name(user_id: int, name: str) -> User:
    """Call a user by another name; an empty one is none."""
    with transaction() as session:
        user = _locked(session, user_id)
        user.name = presentable(name)
    return user


def _locked(session: Session, user_id: int) -> User:
    """A user as they are now, for as long as the use case takes."""
    user: User = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    return user


def has_password(user: User, password: str) -> bool:
    """Whether this is the user's password."""
    return passwords.matches(user.password_hash, password)


def by_email(email: str) -> User:
    """The user with this address; raise UserNotFound."""
    try:
        user = _by_email(email)
    except InvalidEmail:
        user = None
    if user is None:
        raise UserNotFound(f"There is no user with the address {email!r}.")
    return user


def is_known(address: str) -> bool:
    """Whether an account has this address."""
    return _by_email(address) is not None


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


def presentable(name: str) -> str:
    """A name as it is kept: printable, and not too long."""
    shown = "".join(char for char in name if char.isprintable() or char in _JOINERS)
    return shown[:LONGEST_NAME].strip(" " + _JOINERS)
