"""The address of an account: shown to be the user's own, and changed."""

from sqlalchemy.exc import IntegrityError

from creditsapp.extensions import db
from creditsapp.models import AccountLink, User
from creditsapp.services import accounts, links, mails, passwords, welcome
from creditsapp.services.accounts import _locked
from creditsapp.services.addresses import InvalidEmail, normalised
from creditsapp.services.links import _close_all, _use
from creditsapp.services.passwords import WrongPassword
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction
from creditsapp.services.welcome import Bonus
from creditsapp.translation import gettext as _


@retried
def send_again(user_id: int) -> None:
    """Send another link that confirms a user's address, unless it is confirmed."""
    with transaction() as session:
        user = _locked(session, user_id)
        if user.verified_at is None:
            links._send(session, "verify", user.email, user_id)


@retried
def verify(link: AccountLink, bonus: Bonus) -> User:
    """Take an address as the user's own, and give credits that waited for it. Raise DeadLink."""
    who = welcome.person(link.email)
    with transaction() as session:
        _use(session, link)
        user = links._owner(session, link)
        user.verified_at = user.verified_at or now()
        welcome._give(session, user, who, bonus)
    return user


@retried
def ask_for_another(user_id: int, email: str, password: str) -> None:
    """Send a link that makes another address the user's to that address, taken or not.

    Raise InvalidEmail, WrongPassword.
    """
    address = normalised(email)
    user = db.session.get_one(User, user_id, populate_existing=True)
    known = user.password_hash
    if not passwords.matches(known, password):
        raise WrongPassword(_("This is not your password."))
    if address == user.email:
        raise InvalidEmail(_("This is your address already."))
    with transaction() as session:
        if _locked(session, user_id).password_hash != known:
            raise WrongPassword(_("Your password was changed at the same moment."))
        links._send(session, "email", address, user_id)


@retried
def change(link: AccountLink) -> User:
    """Let a user have the address that a link went to, and end every session.

    The old address is told, and links that were sent to it are worth nothing. Raise DeadLink,
    EmailTaken.
    """
    try:
        with transaction() as session:
            _use(session, link)
            user = links._owner(session, link)
            mails._queue(
                session, user.id, "email_changed", key=f"changed:{link.id}", recipient=user.email
            )
            user.email, user.verified_at = link.email, now()
            user.session_version += 1
            _close_all(session, user.id)
    except IntegrityError as error:
        raise accounts.is_taken(error) from None
    return user
