"""The mail server that MAIL_URL names."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]+", re.ASCII)


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over; a password is sent through TLS alone."""

    host: str
    port: int
    tls_first: bool
    user: str = ""
    password: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, where nobody listens in between."""
        return self.host in ("localhost", "127.0.0.1", "::1")


def parse_mail_url(url: str) -> MailServer:
    """The server of an address such as smtp://user:password@host:587; raise ValueError.

    No message repeats the address, since a password may stand in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address such as smtp://user:password@host:587") from None
    if parts.scheme not in _PORTS:
        raise ValueError("must begin with smtp:// or smtps://")
    if not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("names no host, or one that cannot be")
    if parts.path not in ("", "/") or parts.query or parts.fragment or port == 0:
        raise ValueError("ends after host and port; write %2F, %3F, %23 in a password")
    user, password = _decoded(parts.username), _decoded(parts.password)
    if bool(user) != bool(password):
        raise ValueError("has a user and a password, or neither")
    return MailServer(
        host=str(parts.hostname),
        port=port or _PORTS[parts.scheme],
        tls_first=parts.scheme == "smtps",
        user=user,
        password=password,
    )


def _decoded(text: str | None) -> str:
    words = unquote(text or "", errors="strict") if text else ""
    if not words.isprintable():
        raise ValueError("has characters in user or password that cannot be")
    return words
