"""A real mail server on this machine, with TLS by a certificate that was made for it."""

import ssl
from contextlib import contextmanager

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.servers import free_port

AUTHORITY = trustme.CA()
LOOPBACK = "127.0.0.2"  # of this machine, and not one that TLS is spared for


class Mailbox:
    """What came in, and what each command is answered where it is not taken."""

    def __init__(self):
        self.mails, self.refusals, self.logins = [], {}, []

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.refusals.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "RCPT" in self.refusals:
            return self.refusals["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        self.mails.append((envelope, session.ssl is not None))
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        return self.refusals.get("QUIT", "221 Bye")

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=data.password == b"p@ss:w/rd", handled=False)


def certificate(name=LOOPBACK):
    """A context of a server of this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


@contextmanager
def mail_server(*, starttls=None, tls=None, host=LOOPBACK, login=False):
    """Serve; gives the mailbox, with its `port`."""
    mailbox = Mailbox()

    def factory():
        return SMTP(
            mailbox,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None and login,
            auth_required=login and starttls is not None,
            auth_require_tls=starttls is not None,
            authenticator=mailbox.authenticate,
            enable_SMTPUTF8=True,
        )

    controller = Controller(mailbox, hostname=host, port=free_port(), ssl_context=tls)
    controller.factory = factory
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()
