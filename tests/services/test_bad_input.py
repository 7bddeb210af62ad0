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
every_act_of_a_user = pytest.mark.parametrize("act", [act for act in ACTS if act != "capture"])


@every_act
def test_an_amount_that_cannot_be_kept(given, refused, act):
    too_low = "-1e13" if act == "adjust" else "-1"
    too_high = "1000000000000.0001"
    for amount in ["0", too_low, "0.00001", "1.00001", "NaN", "sNaN", "Infinity", too_high]:
        refused(InvalidAmount, getattr(given, act), amount=Decimal(amount))


@every_act
def test_an_amount_that_is_not_exact(given, refused, act):
    for amount in [0.5, 1.0, float("nan"), True, False, "1"]:
        refused(TypeError, getattr(given, act), amount=amount)


@every_act
def test_a_key_that_is_none(given, refused, act):
    for key in ["", "x" * 256, "a b", "a\nb", "a\0b", "a\x1fb", "\x7f", "ü"]:
        refused(InvalidKey, getattr(given, act), key=key)


@every_act_of_a_user
def test_a_user_without_a_wallet(given, refused, act):
    for user in [12345, -1, 2**63, -(2**63) - 1]:
        refused(WalletNotFound, getattr(given, act), user=user)


@every_act_of_a_user
def test_a_user_that_is_no_number(given, refused, act):
    for user in ["1", 1.0, True]:
        refused(TypeError, getattr(given, act), user=user)


def test_a_balance_of_a_user_that_cannot_be(refused):
    refused(WalletNotFound, ledger.balance, 2**63)
    refused(TypeError, ledger.balance, "1")


@every_act_of_a_user
def test_a_description_that_no_database_takes(given, refused, act):
    for words in ["a\0b", "\ud800"]:
        refused(InvalidText, getattr(given, act), description=words)


@pytest.mark.parametrize("act", ["spend", "spend_many", "grant", "adjust", "refund_usage"])
def test_a_description_that_is_no_text(given, refused, act):
    for words in [None, 5]:
        refused(TypeError, getattr(given, act), description=words)


@pytest.mark.parametrize("act", ["spend", "spend_many"])
def test_details_that_no_database_takes(given, refused, act):
    for details in [{"a": "\0"}, {"\0": 1}, {"a": ["\ud800"]}]:
        refused(InvalidText, getattr(given, act), details=details)
    refused(ValueError, getattr(given, act), details={"a": float("nan")})
    refused(TypeError, getattr(given, act), details={"a": Decimal(1)})


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
def test_an_operation_that_no_database_takes(given, refused, act):
    for operation in ["x" * 65, "a\0b"]:
        refused(InvalidText, getattr(given, act), operation=operation)


def test_a_fingerprint_that_no_database_takes(given, refused):
    for fingerprint in ["x" * 65, "a\0b"]:
        refused(InvalidText, given.hold, fingerprint=fingerprint)


def test_a_hold_that_lives_for_no_time_or_for_ever(given, refused):
    for seconds in [0, -1, 365 * 24 * 3600 + 1, 10**12, 10**30]:
        refused(InvalidSeconds, given.hold, seconds=seconds)


def test_seconds_that_are_not_whole(given, refused):
    for seconds in [0.5, 60.0, float("nan"), True, "60", None]:
        refused(TypeError, given.hold, seconds=seconds)


def test_a_hold_lives_for_a_second_or_a_year(given):
    for seconds in (1, 365 * 24 * 3600):
        assert given.hold(seconds=seconds).status == "held"


BAD_IDS = ["", "no-such", "a\0b", "\ud800", "x" * 10_000, None, 5, str(uuid.UUID(int=1))]


@pytest.mark.parametrize("act", [holds.capture, holds.release, holds.find])
def test_a_hold_that_does_not_exist(given, refused, act):
    for hold_id in BAD_IDS:
        refused(HoldNotFound, act, given.user, hold_id)
    refused(HoldNotFound, act, 12345, given.held.id)
    refused(HoldNotFound, act, given.user, given.held.id.upper() + " ")


def test_a_hold_is_not_made_with_an_id_that_is_none(given, refused):
    for hold_id in ["", "no-such", 5]:
        refused(ValueError, given.hold, hold_id=hold_id)
