"""Can mails be sent: is there a server, does it answer, and through TLS?"""

import ssl

from creditsapp.doctor.finding import Finding
from creditsapp.mail.server import parse_mail_url
from creditsapp.mail.smtp import connected, envelope_sender
from creditsapp.services.delivery import NotSent
from creditsapp.settings import Settings


def server(settings: Settings) -> Finding:
    """The mail server, as far as it can be tried without sending anything."""
    if not settings.mail_url:
        message = "MAIL_URL is not set, so mails are printed and not sent"
        if settings.sandbox:
            return Finding("mail", "ok", message, "Read them by `flask mail list` and `show`.")
        advice = "Set it to smtp://user:password@host:587 of your mail provider."
        return Finding("mail", "failed", message, advice)
    known = parse_mail_url(settings.mail_url)
    where = f"{known.host}:{known.port}"
    try:
        with connected(known, envelope_sender(settings.sender)) as connection:
            secure = isinstance(connection.sock, ssl.SSLSocket)
    except NotSent as failure:
        advice = "Look at MAIL_URL; mails wait meanwhile, and are tried again."
        return Finding("mail", "failed", f"{where}: {failure}", advice)
    if secure or known.is_here:
        way = "through TLS" if secure else "on this machine"
        return Finding("mail", "ok", f"{where} takes mails of {settings.sender} {way}")
    advice = "Choose a server that offers STARTTLS: what a mail says can be read on its way."
    return Finding("mail", "warning", f"{where} answers without TLS", advice)
