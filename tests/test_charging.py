"""Charging for work of one's own: the `with` block and the decorator."""

from decimal import Decimal

import pytest
from flask_login import login_required

from creditsapp.charging import AlreadyCharged, charge, charged
from creditsapp.extensions import db
from creditsapp.models.types import InvalidAmount
from creditsapp.prices import InvalidQuantity, Price, UnknownOperation
from creditsapp.services import expiry, holds, ledger
from creditsapp.services.errors import (
    CaptureTooLarge,
    HoldClosed,
    IdempotencyConflict,
    InsufficientCredits,
    OperationInProgress,
    WalletNotFound,
)
from creditsapp.services.keys import InvalidKey
from creditsapp.services.posting import InvalidText
from tests.builders import let_expire, make_user, register
from tests.databases import contents, lose_answers


@pytest.fixture
def user(context):
    return make_user(20)


@pytest.fixture
def priced(make_app):
    """An app whose price list has prices per unit."""
    prices = {"SCAN": Price("0.2", per="page", step=1), "CALL": Price("0.3", per="minute")}
    with make_app(credit_costs=prices).app_context():
        yield


def test_work_that_succeeds_costs_its_listed_price(user):
    with charge(user, "IMAGE_GENERATION", description="hills"):
        assert ledger.balance(user).available == 15
    entry = ledger.history(user)[0][0]
    assert (entry.amount, entry.operation, entry.description) == (-5, "image_generation", "hills")


def test_work_that_raises_costs_nothing(user):
    with pytest.raises(ZeroDivisionError), charge(user, "IMAGE_GENERATION"):
        _ = 1 / 0
    assert (ledger.balance(user).available, ledger.balance(user).version) == (20, 1)


def test_work_does_not_begin_without_the_credits(context, database_url):
    user = make_user(4)
    before, begun = contents(database_url), []
    with pytest.raises(InsufficientCredits), charge(user, "IMAGE_GENERATION"):
        begun.append(True)
    assert not begun
    assert contents(database_url) == before


def test_what_is_known_afterwards_is_captured_in_part(user):
    with charge(user, "IMAGE_GENERATION") as work:
        work.capture(Decimal("1.2"))
    assert ledger.balance(user).available == Decimal("18.8")


def test_work_may_let_go_of_its_charge(user):
    with charge(user, "IMAGE_GENERATION") as work:
        work.release()
    assert ledger.balance(user).available == 20


def test_a_hold_that_was_swept_meanwhile_leaves_the_work_unpaid_and_says_so(user):
    with pytest.raises(HoldClosed), charge(user, "IMAGE_GENERATION") as work:
        let_expire(work.hold_id)
        expiry.release_expired()
    assert ledger.balance(user).available == 20


def test_a_key_works_once(user):
    with charge(user, "THEME_GENERATION", key="k", fingerprint="a"):
        with (
            pytest.raises(OperationInProgress),
            charge(user, "THEME_GENERATION", key="k", fingerprint="a"),
        ):
            pass
    with pytest.raises(AlreadyCharged), charge(user, "THEME_GENERATION", key="k", fingerprint="a"):
        pass
    with (
        pytest.raises(IdempotencyConflict),
        charge(user, "THEME_GENERATION", key="k", fingerprint="b"),
    ):
        pass
    assert ledger.balance(user).balance == 19


def test_an_operation_without_a_price_is_unknown(user, database_url):
    before = contents(database_url)
    with pytest.raises(UnknownOperation), charge(user, "MINING"):
        pass
    assert contents(database_url) == before


def test_a_quantity_is_charged_by_the_price_per_unit(priced):
    user = make_user(20)
    with charge(user, "SCAN", quantity=7) as work:
        assert (work.amount, ledger.balance(user).available) == (2, 18)
    assert ledger.history(user)[0][0].amount == -2


def test_the_most_is_held_and_the_actual_captured(priced):
    user = make_user(20)
    with charge(user, "SCAN", quantity=30) as work:
        assert ledger.balance(user).available == 14
        assert work.capture(quantity=7).amount == -2
    assert ledger.balance(user).available == 18
    with charge(user, "CALL", quantity=Decimal("2.5")) as work:
        work.capture(quantity=Decimal("0.5"))
    assert ledger.balance(user).available == Decimal("17.85")


@pytest.mark.parametrize("nothing", [{"quantity": 0}, {"amount": 0}, {"amount": Decimal("0.0")}])
def test_what_comes_to_nothing_is_released(priced, nothing):
    user = make_user(20)
    with charge(user, "SCAN", quantity=30) as work:
        assert work.capture(**nothing) is None
    assert (ledger.balance(user).available, ledger.balance(user).version) == (20, 1)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"quantity": 31}, CaptureTooLarge),
        ({"amount": 7}, CaptureTooLarge),
        ({"quantity": -1}, InvalidQuantity),
        ({"quantity": 10**13}, InvalidAmount),
        ({"quantity": 0.5}, TypeError),
        ({"amount": 1, "quantity": 5}, TypeError),
        ({"amount": -1}, InvalidAmount),
        ({"amount": Decimal("NaN")}, InvalidAmount),
        ({"amount": Decimal("0.00001")}, InvalidAmount),
        ({"amount": 0.0}, TypeError),
        ({"amount": False}, TypeError),
    ],
)
def test_a_capture_that_cannot_be_charges_nothing(priced, more, error):
    user = make_user(20)
    with pytest.raises(error), charge(user, "SCAN", quantity=30) as work:
        work.capture(**more)
    assert (ledger.balance(user).available, ledger.balance(user).version) == (20, 1)


def test_a_capture_can_be_repeated_with_the_same_amount(priced):
    user = make_user(20)
    with charge(user, "SCAN", quantity=30) as work:
        assert work.capture(quantity=7).number == work.capture(2).number == 2
        with pytest.raises(HoldClosed):
            work.capture(quantity=30)
    assert ledger.balance(user).available == 18


def test_a_lost_answer_at_the_end_of_the_work_is_found_again(user, monkeypatch):
    with charge(user, "IMAGE_GENERATION"):
        lose_answers(monkeypatch, holds)
    assert ledger.balance(user).balance == 15


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"operation": "MINING"}, UnknownOperation),
        ({"operation": "IMAGE_GENERATION"}, TypeError),
        ({"quantity": None}, TypeError),
        ({"quantity": 0}, InvalidQuantity),
        ({"quantity": -1}, InvalidQuantity),
        ({"quantity": Decimal("NaN")}, InvalidQuantity),
        ({"quantity": 0.5}, TypeError),
        ({"quantity": True}, TypeError),
        ({"quantity": 10**13}, InvalidAmount),
        ({"quantity": 101}, InsufficientCredits),
        ({"seconds": 0}, holds.InvalidSeconds),
        ({"seconds": -1}, holds.InvalidSeconds),
        ({"seconds": 10**12}, holds.InvalidSeconds),
        ({"seconds": 0.5}, TypeError),
        ({"key": ""}, InvalidKey),
        ({"key": "x" * 256}, InvalidKey),
        ({"key": "a\x1fb"}, InvalidKey),
        ({"user": 12345}, WalletNotFound),
        ({"user": None}, WalletNotFound),
        ({"user": True}, WalletNotFound),
        ({"user": "1"}, WalletNotFound),
        ({"description": "a\0b"}, InvalidText),
        ({"fingerprint": "x" * 65}, InvalidText),
    ],
)
def test_what_cannot_be_charged_is_refused_before_the_work(priced, database_url, how, error):
    user = make_user(20)
    before, begun = contents(database_url), []
    with (
        pytest.raises(error),
        charge(**({"user": user, "operation": "SCAN", "quantity": 5} | how)),
    ):
        begun.append(True)
    db.session.remove()
    assert not begun
    assert contents(database_url) == before


@pytest.fixture
def site(make_app):
    """An app with a developer's own paid view."""
    app = make_app(credit_costs={"TRANSLATION": Decimal("0.2")})

    @app.get("/mine")
    @charged("MINING")
    def mine():
        raise AssertionError("work without a price")

    @app.get("/translate/<how>")
    @login_required
    @charged("TRANSLATION")
    def translate(how):
        if how == "raise":
            raise RuntimeError("lost in it")
        return how, 400 if how == "badly" else 200

    client = app.test_client()
    register(client)
    return client


def test_a_decorated_view_costs_its_price(site):
    assert site.get("/translate/well").text == "well"
    assert site.get("/api/credits/balance").json["available"] == 49.8


def test_a_decorated_view_that_refuses_costs_nothing(site):
    assert site.get("/translate/badly").status_code == 400
    assert site.get("/translate/raise").status_code == 500
    assert site.get("/api/credits/balance").json == {
        "balance": 50,
        "held": 0,
        "available": 50,
        "version": 1,
    }


def test_a_view_without_a_price_is_refused_by_name_and_never_a_500(site):
    answer = site.get("/mine")
    assert answer.status_code == 404
    assert "There is no price for &#39;MINING&#39;." in answer.text


def test_a_decorated_view_asks_nobody_to_sign_in(site):
    answer = site.application.test_client().get("/mine")
    assert answer.status_code in (302, 303)
    assert "/auth/login" in answer.headers["Location"]
