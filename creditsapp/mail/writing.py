"""A mail's words: from its kind's template, in the reader's language, as a plain text message."""

import hashlib
import re
import textwrap
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import idna
from flask import current_app
from flask_babel import force_locale

from creditsapp.mail.kinds import KINDS
from creditsapp.models.types import from_units
from creditsapp.services.delivery import Letter
from creditsapp.services.transaction import now

WIDTH = 72
_JOINERS = "\u200c\u200d"  # not printable by themselves, but they hold words and emoji together
_POLICY = SMTP.clone(cte_type="7bit")


def write(letter: Letter, sender: str, base: str) -> EmailMessage:
    """The message of a mail, whose links begin with `base`; raise Obsolete."""
    subject, text = words(letter, base)
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = _ascii_domain(letter.recipient)
    message["Subject"] = subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = _message_id(letter, sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no reply from another machine
    message.set_content(text, cte="quoted-printable")
    return message


def _ascii_domain(address: str) -> str:
    """An address whose domain is as mail servers know it (RFC 5890)."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


def words(letter: Letter, base: str) -> tuple[str, str]:
    """Subject and text: the first line of what the template makes, and the rest."""
    values = KINDS[letter.kind](letter)
    with force_locale(letter.language):
        template = _environment().get_template(f"mail/{letter.kind}.txt")
        page = template.render(
            values | {"link": lambda path: base + path, "host": urlsplit(base).netloc}
        )
    subject, _line, text = page.strip().partition("\n")
    return subject, _wrapped(text)


def _environment() -> Any:
    """The templates' environment, where no value can begin a line of its own."""
    environment = current_app.extensions.get("mail_templates")
    if environment is None:
        environment = current_app.jinja_env.overlay(finalize=_on_one_line, autoescape=False)
        environment.filters["units"] = from_units
        current_app.extensions["mail_templates"] = environment
    return environment


def _on_one_line(value: Any) -> str:
    """A value without line breaks, control characters and marks that turn the writing around."""
    shown = "".join(
        char if char.isprintable() or char in _JOINERS else " " if char.isspace() else ""
        for char in str(value)
    )
    return re.sub(" +", " ", shown)


def _wrapped(text: str) -> str:
    lines = [
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.strip().splitlines()
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _message_id(letter: Letter, sender: str) -> str:
    """The same for the same mail, so that one that goes out twice can be told."""
    moment = letter.created_at.astimezone(UTC).isoformat()
    mark = hashlib.sha256(f"{letter.id} {letter.key} {moment}".encode()).hexdigest()[:32]
    return f"<{mark}@{sender.rpartition('@')[2].rstrip('>')}>"
