"""Charging for work of one's own: the `with` block and the decorator."""

from decimal import Decimal

import pytest
from flask_login import login_required

from creditsapp.charging import AlreadyCharged, charge, charged
from creditsapp.prices import UnknownOperation
from creditsapp.services import holds, ledger
from creditsapp.services.errors import (
    HoldClosed,
    IdempotencyConflict,
    InsufficientCredits,
    OperationInProgress,
)
from tests.builders import let_expire, make_user, register
from tests.databases import contents


@pytest.fixture
def user(context):
    return make_user(20)


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
        holds.release_expired()
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


@pytest.fixture
def site(make_app):
    """An app with a developer's own paid view."""
    app = make_app(credit_costs={"TRANSLATION": Decimal("0.2")})

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
