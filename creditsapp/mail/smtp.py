"""Handing a mail over by SMTP (RFC 5321), through TLS with a certificate that is looked at."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr

from creditsapp.mail.server import MailServer
from creditsapp.services.delivery import NotSent

ANSWER_SECONDS = 5.0


def deliver(server: MailServer, message: EmailMessage) -> None:
    """Hand a mail to the server; raise NotSent."""
    (recipient,) = [address.addr_spec for address in message["To"].addresses]
    sender = envelope_sender(str(message["From"]))
    with connected(server, sender) as connection:
        try:
            connection.send_message(message, sender, [recipient])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, words = refusal.recipients[recipient]
            raise NotSent(_said(code, words), final=code >= 500) from None
        except smtplib.SMTPSenderRefused as refusal:
            raise NotSent(_said(refusal.smtp_code, refusal.smtp_error), server=True) from None
        except smtplib.SMTPResponseException as refusal:
            words = _said(refusal.smtp_code, refusal.smtp_error)
            raise NotSent(words, final=refusal.smtp_code >= 500) from None
        except smtplib.SMTPNotSupportedError:
            reason = "the server takes no addresses with letters beyond ASCII (SMTPUTF8)"
            raise NotSent(reason, final=True) from None


def envelope_sender(sender: str) -> str:
    """The bare address of who mails come from."""
    return parseaddr(sender)[1]


@contextmanager
def connected(server: MailServer, sender: str) -> Iterator[smtplib.SMTP]:
    """A connection that is ready for mails; raise NotSent, without having told a password in
    the clear."""
    own_name = sender.rpartition("@")[2].encode("idna").decode()
    context = ssl.create_default_context()
    try:
        if server.tls_first:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, own_name, timeout=ANSWER_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, own_name, timeout=ANSWER_SECONDS)
        try:
            _greet(connection, server, context)
            yield connection
            _take_leave(connection)
        finally:
            connection.close()
    except smtplib.SMTPAuthenticationError as refusal:
        raise NotSent(_said(refusal.smtp_code, refusal.smtp_error), server=True) from None
    except ssl.SSLCertVerificationError as error:
        reason = f"its certificate is not good: {error.verify_message}"
        raise NotSent(reason, server=True) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"no connection: {_in_words(error)}", server=True) from None


def _greet(connection: smtplib.SMTP, server: MailServer, context: ssl.SSLContext) -> None:
    connection.ehlo_or_helo_if_needed()
    if not server.tls_first:
        if connection.has_extn("starttls") and not (server.is_here and not server.user):
            connection.starttls(context=context)
            connection.ehlo()
        elif server.user:
            raise NotSent("it offers no STARTTLS, so no password is sent", server=True)
    if server.user:
        connection.login(server.user, server.password)


def _take_leave(connection: smtplib.SMTP) -> None:
    """Say QUIT; a mail that was accepted stays so, whatever the answer."""
    with suppress(OSError, smtplib.SMTPException):
        connection.quit()


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return _line(f"{code} {text}")


def _in_words(error: Exception) -> str:
    return _line(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:200]
