"""Buying and coming back, as pages."""

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from creditsapp.extensions import db
from creditsapp.models import Purchase
from creditsapp.services import accounts, ledger
from tests.builders import (
    csrf_token,
    deliver,
    make_purchase,
    payment_event,
    refund_event,
    register,
)


@pytest.fixture
def ada(client):
    register(client, "ada@example.com")
    return client


@pytest.fixture
def order(app, ada):
    with app.app_context():
        purchase = make_purchase(accounts.by_email("ada@example.com").id)
        db.session.expunge_all()
        return purchase


def outcome(page):
    """The one outcome that is not hidden, as HTML."""
    sections = [part.split("</section>")[0] for part in page.text.split("<section ")[1:]]
    (one,) = [section for section in sections if "hidden" not in section.split(">")[0]]
    return one


def shown(page):
    """Whose words the shown outcome has."""
    return outcome(page).split('data-statuses="')[1].split('"')[0]


def back(client, order, query=""):
    return client.get(f"/credits/success?purchase={order.id}{query}")


def test_the_return_page_waits_for_the_purchase_whatever_the_address_says(ada, order):
    for query in ("", "&status=succeeded", "&status=failed", "&payment_id=pay_1&status=paid"):
        page = back(ada, order, query)
        assert shown(page) == "created pending"
        assert 'http-equiv="refresh"' in page.text


def test_the_return_page_shows_what_was_paid(ada, order):
    deliver(ada, payment_event(order))
    page = back(ada, order)
    assert shown(page) == "paid"
    assert "100 credits" in page.text and "150 credits" in page.text
    assert "refresh" not in page.text
    receipt = ada.get(f"/credits/purchases/{order.id}")
    assert "$5.00" in receipt.text and "pay_1" in receipt.text


def test_after_a_declined_card_a_good_one_is_waited_for(ada, order):
    deliver(ada, payment_event(order, kind="payment.failed"))
    assert shown(back(ada, order, "&status=failed")) == "failed"
    assert shown(back(ada, order, "&status=succeeded")) == "created pending"
    assert "Try again" in outcome(back(ada, order, "&status=failed"))
    assert "Try again" not in outcome(back(ada, order, "&status=succeeded"))
    deliver(ada, payment_event(order, payment_id="pay_2"))
    assert shown(back(ada, order, "&status=failed")) == "paid"


@pytest.mark.parametrize(
    ("currency", "total", "shown"),
    [("JPY", 757, "¥757"), ("KWD", 1535, "KWD1.535"), ("EUR", 460, "€4.60")],
)
def test_a_receipt_shows_what_was_paid_in_its_own_currency(ada, order, currency, total, shown):
    deliver(ada, payment_event(order, currency=currency, total_amount=total, tax=None))
    assert f"<dd>{shown}</dd>" in ada.get(f"/credits/purchases/{order.id}").text


def test_after_a_refund_the_receipt_tells_more_than_a_thank_you(ada, order):
    deliver(ada, payment_event(order))
    deliver(ada, refund_event(amount=500, partial=False))
    answer = back(ada, order)
    assert answer.status_code == 302
    receipt = ada.get(answer.headers["Location"]).text
    assert "Refunded" in receipt and "Disputed" not in receipt
    assert "Taken back: the payment was refunded" in receipt and "<dd>−100</dd>" in receipt
    assert "150 added, 100 taken back" in ada.get("/credits/").text


def test_a_cancelled_checkout_keeps_the_amount_and_the_way_back(app, ada, order):
    with app.app_context():
        db.session.get_one(Purchase, order.id).return_to = "/studio/image_generation?prompt=hills"
        db.session.commit()
    page = ada.get(f"/credits/purchase?cancelled={order.id}").text
    assert 'value="5"' in page
    assert page.count("/studio/image_generation?prompt=hills") == 2


def test_a_cancel_link_says_nothing_of_an_order_that_was_paid(ada, order):
    address = f"/credits/purchase?cancelled={order.id}"
    assert "Nothing was charged" in ada.get(address).text
    deliver(ada, payment_event(order))
    assert "Nothing was charged" not in ada.get(address).text


def test_a_form_sent_after_signing_out_elsewhere_comes_back_to_its_page(client):
    answer = client.post("/credits/purchase", data={"dollar_amount": "5"})
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/auth/login?next=/credits/purchase",
    )
    assert "nothing was sent or charged" in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "review", "rejected"])
def test_every_end_has_its_own_words(app, ada, order, status):
    with app.app_context():
        db.session.get_one(Purchase, order.id).status = status
        db.session.commit()
    assert shown(back(ada, order)) == status


def test_nobody_elses_purchase_is_shown(app, order):
    other = app.test_client()
    register(other)
    assert back(other, order).status_code == 404
    assert other.get(f"/credits/purchases/{order.id}").status_code == 404


@pytest.mark.parametrize("amount", ["0", "501", "1.5", "five", "", "-1", "٣", "1e2"])
def test_an_amount_that_is_not_on_offer_is_shown_again_as_typed(ada, amount):
    token = csrf_token(ada.get("/credits/purchase").text)
    fields = {"csrf_token": token, "form_key": "k", "dollar_amount": amount}
    answer = ada.post("/credits/purchase", data=fields)
    assert answer.status_code == 422
    assert f'value="{amount}"' in answer.text


def test_a_purchase_while_dodo_is_down_is_a_page_that_says_so(ada):
    token = csrf_token(ada.get("/credits/purchase").text)
    fields = {"csrf_token": token, "form_key": "k", "dollar_amount": "5"}
    answer = ada.post("/credits/purchase", data=fields)
    assert answer.status_code == 503
    assert "Nothing was charged" in answer.text


def test_the_ledger_sums_whole_periods_and_not_the_page(app, ada):
    with app.app_context():
        user = accounts.by_email("ada@example.com").id
        for _ in range(5):
            ledger.spend(user, 3, operation="test", description="=1+1")
        for _ in range(60):
            ledger.grant(user, 1, description="x")
    page = ada.get("/credits/")
    assert "66 entries" in page.text and "15 spent" in page.text and "110 added" in page.text
    older = ada.get("/credits/?before=17")
    assert "66 entries" in older.text
    assert ada.get("/credits/?before=x").status_code == 400
    csv = ada.get("/credits/export.csv").text
    assert csv.count("\n") == 67
    assert ",'=1+1," in csv


def test_a_database_that_is_away_is_a_page_or_an_answer_that_says_so(app, ada):
    def fail(*_args):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", fail)
    pages = [ada.get(path) for path in ("/credits/", "/studio/", "/api/credits", "/readyz")]
    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", fail)
    assert [page.status_code for page in pages] == [503] * 4
    assert "Please try again" in pages[0].text
    assert pages[2].headers["Retry-After"] == "5"
    assert ada.get("/credits/").status_code == 200
