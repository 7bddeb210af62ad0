"""Bad input to every act of the engine: a named refusal, and every table as it was."""

import uuid
from decimal import Decimal, localcontext

import pytest

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry
from creditsapp.models.types import InvalidAmount
from creditsapp.services import holds, ledger
from creditsapp.services.errors import HoldNotFound, InsufficientCredits, WalletNotFound
from creditsapp.services.holds import InvalidSeconds
from creditsapp.services.keys import InvalidKey
from creditsapp.services.ledger import Usage
from creditsapp.services.posting import InvalidText
from tests.builders import make_user, spend
from tests.databases import contents

pytestmark = pytest.mark.usefixtures("context")


class Given:
    """A user with a usage and an open hold, and every act upon them with one argument changed."""

    def __init__(self):
        self.user = make_user(50)
        self.usage = spend(self.user, 10)
        self.held = holds.hold(self.user, 10, operation="test")

    def spend(self, *, user=None, amount=1, operation="test", **more):
        return ledger.spend(user or self.user, amount, operation=operation, **more)

    def spend_many(self, *, user=None, amount=1, operation="test", **more):
        usages = [Usage(1, "test"), Usage(amount, operation, **more)]
        return ledger.spend_many(user or self.user, usages)

    def hold(self, *, user=None, amount=1, operation="test", **more):
        return holds.hold(user or self.user, amount, operation=operation, **more)

    def capture(self, *, amount=1, **more):
        return holds.capture(self.user, self.held.id, amount, **more)

    def grant(self, *, user=None, amount=1, description="test", **more):
        return ledger.grant(user or self.user, amount, description=description, **more)

    def adjust(self, *, user=None, amount=1, description="test", **more):
        return ledger.adjust(user or self.user, amount, description=description, **more)

    def refund_usage(self, *, user=None, amount=1, **more):
        usage = LedgerEntry(user_id=user, number=2, type="usage") if user else self.usage
        return ledger.refund_usage(usage, amount, **more)


@pytest.fixture
def given():
    return Given()


@pytest.fixture
def refused(database_url):
    def check(error, act, *arguments, **changed):
        db.session.remove()
        before = contents(database_url)
        with pytest.raises(error) as refusal:
            act(*arguments, **changed)
        assert refusal.type is error
        db.session.remove()
        assert contents(database_url) == before

    return check


ACTS = ["spend", "spend_many", "hold", "capture", "grant", "adjust", "refund_usage"]
every_act = pytest.mark.parametrize("act", ACTS)


@every_act
@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.00001", "1.00001", "NaN", "sNaN", "Infinity", "1000000000000.0001"]
)
def test_an_amount_that_cannot_be_kept(given, refused, act, amount):
    if (act, amount) == ("adjust", "-1"):
        amount = "-1e13"
    refused(InvalidAmount, getattr(given, act), amount=Decimal(amount))


@every_act
@pytest.mark.parametrize("amount", [0.5, 1.0, float("nan"), True, False, "1"])
def test_an_amount_that_is_not_exact(given, refused, act, amount):
    refused(TypeError, getattr(given, act), amount=amount)


@every_act
@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\nb", "a\0b", "a\x1fb", "\x7f", "ü"])
def test_a_key_that_is_none(given, refused, act, key):
    refused(InvalidKey, getattr(given, act), key=key)


@pytest.mark.parametrize("act", [act for act in ACTS if act != "capture"])
@pytest.mark.parametrize("user", [12345, -1, 2**63, -(2**63) - 1])
def test_a_user_without_a_wallet(given, refused, act, user):
    refused(WalletNotFound, getattr(given, act), user=user)


@pytest.mark.parametrize("act", [act for act in ACTS if act != "capture"])
@pytest.mark.parametrize("user", ["1", 1.0, True])
def test_a_user_that_is_no_number(given, refused, act, user):
    refused(TypeError, getattr(given, act), user=user)


def test_a_balance_of_a_user_that_cannot_be(refused):
    refused(WalletNotFound, ledger.balance, 2**63)
    refused(TypeError, ledger.balance, "1")


@pytest.mark.parametrize("act", [act for act in ACTS if act != "capture"])
@pytest.mark.parametrize("words", ["a\0b", "\ud800"])
def test_a_description_that_no_database_takes(given, refused, act, words):
    refused(InvalidText, getattr(given, act), description=words)


@pytest.mark.parametrize("act", ["spend", "spend_many", "grant", "adjust", "refund_usage"])
@pytest.mark.parametrize("words", [None, 5])
def test_a_description_that_is_no_text(given, refused, act, words):
    refused(TypeError, getattr(given, act), description=words)


@pytest.mark.parametrize("act", ["spend", "spend_many"])
@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"a": "\0"}, InvalidText),
        ({"\0": 1}, InvalidText),
        ({"a": ["\ud800"]}, InvalidText),
        ({"a": float("nan")}, ValueError),
        ({"a": Decimal(1)}, TypeError),
    ],
)
def test_details_that_no_database_takes(given, refused, act, details, error):
    refused(error, getattr(given, act), details=details)


def test_details_are_kept_as_they_are(given):
    details = {"a\\u0000": "\\\\u0000", "ü": [1, 2.5, None, {"emoji": "🎨"}]}
    entry = given.spend(details=details)
    [together] = ledger.spend_many(given.user, [Usage(1, "test", details=details)])
    db.session.remove()
    for number in (entry.number, together.number):
        assert ledger.entry(given.user, number).details == details


def test_a_callers_decimal_context_rounds_nothing(given):
    with localcontext(prec=3):
        given.grant(amount=Decimal("123456.7891"))
        given.spend(amount=Decimal("1234.5678"))
        given.spend_many(amount=Decimal("1234.5678"))
        holds.capture(given.user, given.held.id, Decimal("1.2345"))
        found = ledger.balance(given.user)
        refused = pytest.raises(InsufficientCredits, spend, given.user, Decimal("999999.9999"))
    assert found.balance == Decimal("123456.7891") + 40 - 2 * Decimal("1234.5678") - 1 - Decimal(
        "1.2345"
    )
    assert found.available == found.balance
    assert refused.value.missing == Decimal("999999.9999") - found.balance


@pytest.mark.parametrize("act", ["spend", "spend_many", "hold"])
@pytest.mark.parametrize("operation", ["x" * 65, "a\0b"])
def test_an_operation_that_no_database_takes(given, refused, act, operation):
    refused(InvalidText, getattr(given, act), operation=operation)


@pytest.mark.parametrize("fingerprint", ["x" * 65, "a\0b"])
def test_a_fingerprint_that_no_database_takes(given, refused, fingerprint):
    refused(InvalidText, given.hold, fingerprint=fingerprint)


@pytest.mark.parametrize("seconds", [0, -1, 365 * 24 * 3600 + 1, 10**12, 10**30])
def test_a_hold_that_lives_for_no_time_or_for_ever(given, refused, seconds):
    refused(InvalidSeconds, given.hold, seconds=seconds)


@pytest.mark.parametrize("seconds", [0.5, 60.0, float("nan"), True, "60", None])
def test_seconds_that_are_not_whole(given, refused, seconds):
    refused(TypeError, given.hold, seconds=seconds)


def test_a_hold_lives_for_a_second_or_a_year(given):
    for seconds in (1, 365 * 24 * 3600):
        assert given.hold(seconds=seconds).status == "held"


BAD_IDS = ["", "no-such", "a\0b", "\ud800", "x" * 10_000, None, 5, str(uuid.UUID(int=1))]


@pytest.mark.parametrize("act", [holds.capture, holds.release, holds.find])
@pytest.mark.parametrize("hold_id", BAD_IDS, ids=lambda each: repr(each)[:20])
def test_a_hold_that_does_not_exist(given, refused, act, hold_id):
    refused(HoldNotFound, act, given.user, hold_id)
    refused(HoldNotFound, act, 12345, given.held.id)
    refused(HoldNotFound, act, given.user, given.held.id.upper() + " ")


@pytest.mark.parametrize("hold_id", ["", "no-such", 5])
def test_a_hold_is_not_made_with_an_id_that_is_none(given, refused, hold_id):
    refused(ValueError, given.hold, hold_id=hold_id)
