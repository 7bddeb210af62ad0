"""Accounts that may not be used any more: disabled for a while, or erased for good."""

import uuid

from sqlalchemy import delete
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import Creation, User
from creditsapp.services import audit, links, mails, passwords, welcome
from creditsapp.services.accounts import _locked
from creditsapp.services.audit import Decision
from creditsapp.services.errors import ServiceError
from creditsapp.services.links import _close_all
from creditsapp.services.passwords import WrongPassword
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction
from creditsapp.translation import gettext as _

NO_PASSWORD = "none"  # nosec B105 # no hash, so that nothing matches it


class AccountErased(ServiceError):
    """The account was erased before."""

    code = "account_erased"
    status = 409


@retried
def disable(user_id: int, decision: Decision) -> User:
    """Let nobody use an account, and end its sessions and links. Raise AccountErased."""
    with transaction() as session:
        user = _unerased(session, user_id)
        if _note(session, "users disable", user, decision):
            user.disabled_at = user.disabled_at or now()
            user.session_version += 1
            _close_all(session, user_id)
    return user


@retried
def enable(user_id: int, decision: Decision) -> User:
    """Let a disabled account be used again. Raise AccountErased."""
    with transaction() as session:
        user = _unerased(session, user_id)
        if _note(session, "users enable", user, decision):
            user.disabled_at = None
    return user


def erase_own(user_id: int, password: str) -> None:
    """Erase one's own account; raise WrongPassword."""
    known = db.session.get_one(User, user_id, populate_existing=True).password_hash
    if not passwords.matches(known, password):
        raise WrongPassword(_("This is not your password."))
    _erase(user_id, None, known)


def erase(user_id: int, decision: Decision) -> None:
    """Forget who somebody is, and what they made; the ledger, orders and payments stay.

    An account that was erased before stays as it is.
    """
    _erase(user_id, decision, None)


@retried
def _erase(user_id: int, decision: Decision | None, password_hash: str | None) -> None:
    """Erase an account by an operator's decision, or by a password that is still its own."""
    known = db.session.get_one(User, user_id, populate_existing=True)
    who = welcome.person(known.email)
    with transaction() as session:
        user = _locked(session, user_id)
        if user.erased_at is not None:
            return
        if password_hash is not None and user.password_hash != password_hash:
            raise WrongPassword(_("Your password was changed at the same moment."))
        if decision is not None:
            _note(session, "users erase", user, decision)
        if user.welcome == "given":
            welcome._remember(session, who)
        session.execute(delete(Creation).where(Creation.user_id == user_id))
        links._forget(session, user_id, user.email)
        mails._forget(session, user_id)
        user.email = f"erased-{uuid.uuid4()}@erased.invalid"
        user.name, user.password_hash = "", NO_PASSWORD
        user.verified_at = None
        user.session_version += 1
        user.erased_at = now()


def _unerased(session: Session, user_id: int) -> User:
    user = _locked(session, user_id)
    if user.erased_at is not None:
        raise AccountErased("This account was erased.")
    return user


def _note(session: Session, command: str, user: User, decision: Decision) -> bool:
    """Write an operator's act down; False where its key was used for it before."""
    subject, key = f"user {user.id}", decision.stored_key
    if key and audit.done(command, subject, key):
        return False
    audit._record(
        session,
        actor=decision.actor,
        command=command,
        subject=subject,
        reason=decision.reason,
        details={},
        key=key,
    )
    return True
