"""Another password: for who knows the current one, or reads the account's mail."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import AccountLink, User
from creditsapp.services import audit, mails, passwords
from creditsapp.services.accounts import _locked
from creditsapp.services.addresses import InvalidEmail, normalised
from creditsapp.services.audit import Decision
from creditsapp.services.closing import AccountErased
from creditsapp.services.errors import ServiceError
from creditsapp.services.links import _close_all, _open, _owner, _send, _use
from creditsapp.services.passwords import WrongPassword
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction
from creditsapp.translation import gettext as _


class AccountDisabled(ServiceError):
    """The account is disabled."""

    code = "account_disabled"
    status = 409


@retried
def change(user_id: int, current: str, new: str) -> User:
    """Set another password and end every older session. Raise WrongPassword, InvalidPassword."""
    user = db.session.get_one(User, user_id, populate_existing=True)
    known = user.password_hash
    if not passwords.matches(known, current):
        raise WrongPassword(_("This is not your current password."))
    fresh = passwords.hashed(new, user.email)
    with transaction() as session:
        user = _locked(session, user_id)
        if user.password_hash != known:
            raise WrongPassword(_("Your password was changed at the same moment."))
        _set(session, user, fresh)
    return user


def _set(session: Session, user: User, fresh: str) -> None:
    """Keep a new password, and tell its owner; older sessions and links are worth nothing."""
    user.password_hash = fresh
    user.session_version += 1
    _close_all(session, user.id)
    key = f"password:{user.id}:{user.session_version}"
    mails._queue(session, user.id, "password_changed", key=key)


@retried
def ask(email: str) -> None:
    """Send a link that sets a new password to an address, if somebody has it.

    The work is the same if nobody has, and the same where no address could be like this.
    """
    try:
        address = normalised(email)
    except InvalidEmail:
        address = ""
    with transaction() as session:
        has_it = select(User.id).where(
            User.email == address, User.disabled_at.is_(None), User.erased_at.is_(None)
        )
        _send(session, "reset", address, session.scalar(has_it))


@retried
def reset(link: AccountLink, new: str) -> User:
    """Set a new password by a link, and end every session. Raise InvalidPassword."""
    fresh = passwords.hashed(new, link.email)
    with transaction() as session:
        _use(session, link)
        user = _owner(session, link)
        _set(session, user, fresh)
        user.verified_at = user.verified_at or now()
    return user


@retried
def reset_link(user_id: int, decision: Decision) -> str:
    """The id of a link that sets a user's new password, to be handed over by an operator.

    The same key gives the same link. Raise AccountErased, AccountDisabled.
    """
    with transaction() as session:
        user = _locked(session, user_id)
        if user.erased_at is not None:
            raise AccountErased("This account was erased.")
        if user.disabled_at is not None:
            raise AccountDisabled("This account is disabled; enable it first.")
        subject, key = f"user {user_id}", decision.stored_key
        before = key and audit.done("users reset-link", subject, key)
        if before:
            return str(before.details["link"])
        link = _open(session, "reset", user.email, user_id)
        audit._record(
            session,
            actor=decision.actor,
            command="users reset-link",
            subject=subject,
            reason=decision.reason,
            details={"link": link.id},
            key=key,
        )
        return link.id
