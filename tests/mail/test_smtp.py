"""Mails reach a real server, through TLS where there is any; a password goes no other way."""

import email
import logging
import socket
from email.policy import default

import pytest

from creditsapp.extensions import db
from creditsapp.mail import postman
from creditsapp.models import User
from creditsapp.services import mails
from creditsapp.services.transaction import transaction
from tests.builders import make_user
from tests.databases import on_sqlite
from tests.mail.smtp import AUTHORITY, LOOPBACK, certificate, mail_server
from tests.servers import free_port

pytestmark = on_sqlite
SECRET = "u%40x:p%40ss%3Aw%2Frd@"


@pytest.fixture(autouse=True)
def authority(tmp_path, monkeypatch):
    """Trust the authority that the tests' certificates are of."""
    path = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture
def send(make_app):
    """Send one mail by a server; return how many went out, and the mail as it stands."""

    def run(url, recipient="reader@example.com", **settings):
        app = make_app(mail_url=url, app_base_url="https://credits.example.com", **settings)
        with app.app_context():
            user = make_user()
            with transaction() as session:
                details = {"balance": 93_000, "threshold": 100_000}
                mails._queue(
                    session, user, "low_balance", key=f"k{user}", recipient=recipient, **details
                )
            count = postman.send_due()
            (mail,) = [mail for mail in mails.stored() if mail.user_id == user]
            mail = mails.find(mail.id)
            db.session.remove()
            return count, mail

    return run


def test_a_mail_comes_as_plain_text_with_the_headers_that_it_needs(send, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, "mail.log")  # the server's own
    with mail_server(starttls=certificate()) as mailbox:
        count, kept = send(f"smtp://{LOOPBACK}:{mailbox.port}", "reader@bücher.example")
    ((envelope, through_tls),) = mailbox.mails
    assert (count, kept.status, kept.text, through_tls) == (1, "sent", None, True)
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "credits@credits.example.com",
        ["reader@xn--bcher-kva.example"],
    )
    message = email.message_from_bytes(envelope.content, policy=default)
    assert message["From"] == "credits@credits.example.com"
    assert message["To"] == "reader@xn--bcher-kva.example"
    assert message["Subject"] == "Your balance is low: 9.3 credits"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert message["Message-ID"].endswith("@credits.example.com>")
    assert message.get_content_type() == "text/plain"
    text = message.get_content().replace("\r\n", "\n")
    assert "https://credits.example.com/credits/purchase\n" in text
    assert "you asked to be told at credits.example.com" in text.replace("\n", " ")
    assert "9.3 credits left" not in caplog.text


def test_a_password_goes_through_tls_alone(send):
    with mail_server(starttls=certificate(), login=True) as mailbox:
        assert send(f"smtp://{SECRET}{LOOPBACK}:{mailbox.port}")[0] == 1
        assert mailbox.logins == [(b"u@x", b"p@ss:w/rd", True)]
    with mail_server(tls=certificate()) as mailbox:
        assert send(f"smtps://{LOOPBACK}:{mailbox.port}")[0] == 1
    with mail_server(host="127.0.0.1", login=True) as mailbox:
        count, kept = send(f"smtp://{SECRET}127.0.0.1:{mailbox.port}")
        assert (count, mailbox.logins, mailbox.mails) == (0, [], [])
        assert kept.last_error == "it offers no STARTTLS, so no password is sent"


def test_without_a_password_tls_is_used_where_it_is_offered(send):
    with mail_server() as mailbox:
        assert send(f"smtp://{LOOPBACK}:{mailbox.port}")[0] == 1
    with mail_server(starttls=certificate("127.0.0.3")) as mailbox:
        count, kept = send(f"smtp://{LOOPBACK}:{mailbox.port}")
        assert (count, mailbox.mails) == (0, [])
        assert kept.last_error.startswith("its certificate is not good: ")
    with mail_server(starttls=certificate("mail.test"), host="127.0.0.1") as mailbox:
        assert send(f"smtp://127.0.0.1:{mailbox.port}")[0] == 1  # nobody is in between


@pytest.mark.parametrize(
    ("refusals", "reason", "status"),
    [
        ({"RCPT": "550 5.1.1 No such\tmailbox"}, "550 5.1.1 No such mailbox", "failed"),
        ({"RCPT": "451 Greylisted"}, "451 Greylisted", "waiting"),
        ({"MAIL": "530 Log in first"}, "530 Log in first", "waiting"),
        ({"DATA": "554 Looks like spam"}, "554 Looks like spam", "failed"),
        ({"DATA": "452 Full"}, "452 Full", "waiting"),
        ({"QUIT": "500 Never"}, None, "sent"),
    ],
)
def test_what_the_server_says_is_kept_and_decides_whether_it_is_asked_again(
    send, refusals, reason, status
):
    with mail_server() as mailbox:
        mailbox.refusals = refusals
        _count, kept = send(f"smtp://{LOOPBACK}:{mailbox.port}")
    assert (kept.last_error, kept.status, kept.text) == (reason, status, None)


def test_a_wrong_password_and_a_server_that_is_away_or_silent_are_tried_again(send, monkeypatch):
    with mail_server(starttls=certificate(), login=True) as mailbox:
        _count, kept = send(f"smtp://u:wrong@{LOOPBACK}:{mailbox.port}")
        assert (kept.last_error[:4], kept.status) == ("535 ", "waiting")
    _count, kept = send(f"smtp://{LOOPBACK}:{free_port()}")
    assert (kept.last_error, kept.status) == ("no connection: Connection refused", "waiting")
    monkeypatch.setattr("creditsapp.mail.smtp.ANSWER_SECONDS", 0.1)
    with socket.create_server((LOOPBACK, 0)) as silent:
        _count, kept = send(f"smtp://{LOOPBACK}:{silent.getsockname()[1]}")
    assert (kept.last_error, kept.status) == (
        "no connection: Connection unexpectedly closed: timed out",
        "waiting",
    )


def test_an_address_of_other_letters_goes_where_the_server_takes_them(send):
    with mail_server() as mailbox:
        assert send(f"smtp://{LOOPBACK}:{mailbox.port}", "jürgen@example.com")[0] == 1
        ((envelope, _tls),) = mailbox.mails
    assert envelope.rcpt_tos == ["jürgen@example.com"]
    assert "To: jürgen@example.com" in envelope.content.decode()


def test_no_header_can_be_smuggled_in(send):
    hostile = "a@example.com\r\nBcc: b@example.com"
    with mail_server() as mailbox:
        _count, kept = send(f"smtp://{LOOPBACK}:{mailbox.port}", hostile)
        assert mailbox.mails == []
    assert (kept.status, kept.last_error) == ("waiting", "it could not be written: ValueError")


def test_a_request_that_queues_a_mail_is_answered_before_it_is_sent(make_app):
    with mail_server() as mailbox:
        app = make_app(mail_url=f"smtp://{LOOPBACK}:{mailbox.port}")

        @app.post("/queue")
        def queue():
            user = make_user()
            with transaction() as session:
                details = {"balance": 0, "threshold": 1}
                mails._queue(session, user, "low_balance", key="k", **details)
            return db.session.get(User, user).email

        answer = app.test_client().post("/queue")
        assert answer.status_code == 200
        assert mailbox.mails == []
        answer.close()
        app.extensions["postman"].finish()
        ((envelope, _tls),) = mailbox.mails
    assert envelope.rcpt_tos == [answer.text]
    assert b"http://localhost/credits/purchase" in envelope.content
