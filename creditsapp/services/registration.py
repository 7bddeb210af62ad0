"""How people come in: at once, or once they have shown that they read their mail."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.exc import IntegrityError

from creditsapp.extensions import db
from creditsapp.models import AccountLink, Registration, User
from creditsapp.services import accounts, links, passwords, welcome
from creditsapp.services.addresses import normalised
from creditsapp.services.links import DeadLink, _use
from creditsapp.services.passwords import WrongPassword
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction
from creditsapp.services.welcome import Bonus
from creditsapp.translation import gettext as _


@dataclass(frozen=True)
class Applicant:
    """What somebody typed who wants an account."""

    email: str
    password: str
    name: str = ""
    language: str = "en"


@retried
def sign_up(applicant: Applicant, bonus: Bonus, *, alert_below: Decimal | int = 0) -> User:
    """Make an account at once, and send a link that confirms its address.

    A balance below `alert_below` is told by mail, here and in `confirm` (0: never).

    Raise InvalidEmail, InvalidPassword, EmailTaken.
    """
    address = normalised(applicant.email)
    password_hash, who = passwords.hashed(applicant.password, address), welcome.person(address)
    try:
        with transaction() as session:
            user = accounts._open(session, address, applicant.name, password_hash, alert_below)
            user.language = applicant.language
            welcome._give(session, user, who, bonus)
            links._send(session, "verify", address, user.id)
    except IntegrityError as error:
        raise accounts.is_taken(error) from None
    return user


@retried
def apply(applicant: Applicant) -> str:
    """Send a link that makes an account, whether or not the address has one; return its id.

    The work is the same in both cases; only the mail tells them apart. Raise InvalidEmail,
    InvalidPassword.
    """
    address = normalised(applicant.email)
    password_hash = passwords.hashed(applicant.password, address)
    with transaction() as session:
        link = links._send(session, "register", address, None, language=applicant.language)
        name = accounts.presentable(applicant.name)
        session.add(
            Registration(
                link_id=link.id,
                name=name,
                password_hash=password_hash,
                language=applicant.language,
            )
        )
        return link.id


@retried
def confirm(
    link: AccountLink,
    bonus: Bonus,
    *,
    password: str | None = None,
    alert_below: Decimal | int = 0,
) -> User:
    """Make the account that a link was sent for.

    `password` is what somebody types who may not be the one who registered: a stranger may have,
    to share the account. Raise WrongPassword, DeadLink, EmailTaken.
    """
    registered = db.session.get(Registration, link.id)
    if registered is not None and password is not None:
        if not passwords.matches(registered.password_hash, password):
            raise WrongPassword(_("This is not the password that was chosen."))
    who = welcome.person(link.email)
    try:
        with transaction() as session:
            _use(session, link)
            asked = session.get(Registration, link.id)
            if asked is None:
                raise DeadLink("unknown")
            user = accounts._open(session, link.email, asked.name, asked.password_hash, alert_below)
            user.language, user.verified_at = asked.language, now()
            welcome._give(session, user, who, bonus)
            links._belongs(session, link, user.id)
            session.delete(asked)
    except IntegrityError as error:
        raise accounts.is_taken(error) from None
    return user
