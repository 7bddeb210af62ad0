"""Every kind of mail, in every language, plain and with what a hostile hand may have typed."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from jinja2 import StrictUndefined

from creditsapp.mail.kinds import KINDS
from creditsapp.mail.writing import _environment, words, write
from creditsapp.services.delivery import Letter
from creditsapp.settings import ROOT
from creditsapp.translation import LANGUAGES
from tests.databases import on_sqlite

pytestmark = on_sqlite
BASE = "https://credits.example.com"
SENDER = "Credits <credits@example.com>"
ORDER = "0f0e0d0c-0b0a-4909-8807-060504030201"
TOKEN = "Jz-_" * 16
HOSTILE = (
    "a\r\nBcc: victim@example.com\r\n\r\nvisit\n\n-- \u202e\u2066gro.live\u2028"
    "{{ 77*77 }}{% for x in y %}<script>alert(1)</script>\0\x1b[2J %(n)s %s"
)
MOVED = {"credits": 1_234_5678, "dollars": 5, "purchase_id": ORDER}
PAID = MOVED | {"total": 595, "currency": "EUR", "balance": 1_234_5678}
CASES = [
    ("purchase", PAID),
    ("purchase", PAID | {"total": None, "currency": None, "balance": -5}),
    ("refund", MOVED | {"balance": 0}),
    ("refund", MOVED | {"balance": -1_234_5678}),
    ("dispute", MOVED | {"balance": 10_000}),
    ("dispute", MOVED | {"balance": -10_000}),
    ("restored", MOVED | {"balance": 50_000}),
    ("restored", MOVED | {"balance": -50_000}),
    ("debt", {"number": 3, "taken": 30_000, "balance": -5_000, "reason": "Charged twice by us"}),
    ("low_balance", {"number": 3, "balance": 9_9999, "threshold": 10_0000}),
    *[(kind, {"token": TOKEN}) for kind in ("verify", "reset", "email", "register")],
    *[(kind, {"token": None}) for kind in ("email", "register")],
    ("email_changed", {}),
    ("password_changed", {}),
]


@pytest.fixture(autouse=True)
def links_as_they_are(monkeypatch):
    """A link's token is looked up otherwise; here it is given."""
    for kind in KINDS:
        monkeypatch.setitem(KINDS, kind, lambda letter: letter.details)


def letter(kind, details, language="en"):
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return Letter(7, 1, kind, "reader@example.com", language, details, f"{kind}:7", at, 1)


def test_every_kind_is_shown_here(context):
    assert {kind for kind, _details in CASES} == KINDS.keys()
    templates = ROOT / "creditsapp" / "templates" / "mail"
    kinds = {path.stem for path in templates.glob("*.txt")} - {"base", "_balance"}
    assert kinds == KINDS.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_is_short_whole_and_leads_home(context, monkeypatch, language):
    monkeypatch.setattr(_environment(), "undefined", StrictUndefined)
    for kind, details in CASES:
        subject, text = words(letter(kind, details, language), BASE)
        assert 5 < len(subject) <= 70, subject
        assert text.strip().startswith(text[:1].strip()) and "\n\n\n" not in text
        assert not re.search(r"[{}<>%]|None|Undefined", subject + text), text
        assert all(len(line) <= 72 or line.startswith(BASE) for line in text.splitlines()), text
        links = re.findall(r"https?://\S+", text)
        assert all(re.fullmatch(BASE + r"/[\w/.-]+", link) for link in links), links
        assert "credits.example.com" in text.replace(BASE, "")
        assert (TOKEN in text) == (TOKEN in details.values())


def test_amounts_are_said_exactly(context):
    _subject, text = words(letter(*CASES[0]), BASE)
    assert "Your payment of €5.95 came in, and 1,234.5678 credits were added" in text
    assert "Your balance was 1,234.5678 credits after it." in text.replace("\n", " ")
    subject, text = words(letter(*CASES[3]), BASE)
    assert subject == "Refunded: 1,234.5678 credits taken back"
    assert "You now owe 1,234.5678 credits." in text.replace("\n", " ")


def test_nothing_that_somebody_typed_makes_a_line_a_header_or_a_command(context):
    for kind, details in CASES:
        hostile = {
            name: HOSTILE if isinstance(value, str) else value for name, value in details.items()
        }
        hostile |= {name: details[name] for name in ("currency", "token") if name in details}
        message = write(letter(kind, hostile), SENDER, BASE)
        read = message_from_bytes(message.as_bytes(), policy=default)
        plain = write(letter(kind, details), SENDER, BASE)
        assert read.keys() == plain.keys() and read["Bcc"] is None
        assert read["To"] == "reader@example.com"
        text = read.get_content().replace("\r\n", "\n")
        assert re.fullmatch(r"[^\x00-\x09\x0b-\x1f\x7f\u2028\u202a-\u202e\u2066-\u2069]*", text)
        assert "5929" not in text
        assert "\nBcc:" not in text and text.count("\n--\n") == 1


def test_a_mail_that_goes_out_twice_has_one_id_and_two_mails_have_two(context):
    first, again = (write(letter(*CASES[0]), SENDER, BASE)["Message-ID"] for _ in range(2))
    assert first == again
    other = letter(*CASES[0])
    assert write(Letter(**vars(other) | {"id": 8}), SENDER, BASE)["Message-ID"] != first
