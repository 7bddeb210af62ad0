"""Buying and coming back, as pages."""

import html
import re

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from creditsapp.extensions import db
from creditsapp.models import Purchase
from creditsapp.services import accounts, ledger
from tests.builders import (
    csrf_token,
    deliver,
    payment_event,
    refund_event,
    register,
)
from tests.dodo.server import answer as dodo_answer
from tests.dodo.server import dodo_server
from tests.views.seen import visible


def set_balance(app, credits, email="ada@example.com"):
    with app.app_context():
        user = accounts.by_email(email).id
        difference = credits - ledger.balance(user).balance
        ledger.adjust(user, difference, description="a correction")
        db.session.remove()


def set_order(app, order, **values):
    with app.app_context():
        for name, value in values.items():
            setattr(db.session.get_one(Purchase, order.id), name, value)
        db.session.commit()


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
    set_order(app, order, return_to="/studio/image_generation?prompt=hills")
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


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_trying_again_keeps_the_amount_and_the_way_back(app, ada, order, status):
    set_order(app, order, status=status, dollars=7, return_to="/studio/theme_generation?prompt=sea")
    assert f'href="/credits/purchase?again={order.id}"' in outcome(back(ada, order))
    page = ada.get(f"/credits/purchase?again={order.id}").text
    assert 'name="dollar_amount" value="7"' in page
    assert 'value="/studio/theme_generation?prompt=sea"' in page
    assert "You left the payment page" not in page
    set_order(app, order, status="review")
    assert 'value="7"' not in ada.get(f"/credits/purchase?again={order.id}").text


def test_without_the_script_the_page_asks_for_a_minute_and_then_takes_longer(ada, order):
    asked, address = [], f"/credits/success?purchase={order.id}&status=succeeded"
    while "refresh" in (page := ada.get(address)).text:
        seconds, address = re.search(r'refresh" content="(\d+); url=([^"]+)"', page.text).groups()
        asked.append(int(seconds))
        address = html.unescape(address)
    assert asked == [1, 2, 4, 8, 8, 8, 8, 8, 8, 5]
    assert shown(page) == "slow" and "status=succeeded" in address
    deliver(ada, payment_event(order))
    assert shown(ada.get(address)) == "paid"


@pytest.mark.parametrize(
    "query",
    ["waited=-1", "waited=x", "waited=٣", "waited=1.5", "waited=999", "_external=1", "endpoint=x"],
)
def test_a_forged_query_changes_nothing(ada, order, query):
    page = back(ada, order, f"&{query}")
    assert page.status_code == 200 and shown(page) == "created pending"
    assert f'content="1; url=/credits/success?purchase={order.id}&amp;waited=1"' in page.text


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "review", "rejected"])
def test_every_end_has_its_own_words(app, ada, order, status):
    set_order(app, order, status=status)
    page = back(ada, order)
    assert shown(page) == status
    assert ("Try again" in page.text) == (status in ("failed", "cancelled", "expired"))
    assert "Details" in page.text and ">Receipt<" not in page.text


def test_nobody_elses_purchase_is_shown(app, order):
    other = app.test_client()
    register(other)
    assert back(other, order).status_code == 404
    assert other.get(f"/credits/purchases/{order.id}").status_code == 404


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(amount, amount) for amount in ("0", "501", "1.5", "-1", "1e2")]
    + [(amount, "") for amount in ("five", "", "٣", "1.", '"><b>')],  # no input shows these
)
def test_an_amount_that_is_not_on_offer_is_shown_again_as_typed(ada, amount, shown):
    token = csrf_token(ada.get("/credits/purchase").text)
    fields = {"csrf_token": token, "form_key": "k", "dollar_amount": amount}
    answer = ada.post("/credits/purchase", data=fields)
    assert answer.status_code == 422
    assert f'name="dollar_amount" value="{shown}"' in answer.text


def test_an_expired_form_keeps_the_amount(ada):
    fields = {"csrf_token": "old", "form_key": "k", "dollar_amount": "17"}
    answer = ada.post("/credits/purchase", data=fields)
    assert answer.status_code == 422
    assert "form had expired" in answer.text and 'name="dollar_amount" value="17"' in answer.text


def test_the_same_form_is_one_order_and_with_another_amount_another(make_app):
    with dodo_server() as dodo:
        client = make_app(dodo_payments_base_url=dodo.url).test_client()
        register(client)
        dodo.routes["/customers"] = dodo_answer({"customer_id": "cus_1"})
        addresses = []
        for number, dollars in enumerate(("5", "5", "7")):
            url = f"https://checkout.dodopayments.com/{number}"
            session = {"session_id": f"cks_{number}", "checkout_url": url}
            dodo.routes["/checkouts"] = dodo_answer(session)
            token = csrf_token(client.get("/credits/purchase").text)
            fields = {"csrf_token": token, "form_key": "k", "dollar_amount": dollars}
            addresses.append(client.post("/credits/purchase", data=fields).headers["Location"])
    assert [address[-1] for address in addresses] == ["0", "0", "2"]


def test_a_purchase_in_debt_says_what_settles_it_and_what_remains(app, ada):
    set_balance(app, -40)
    page = visible(ada.get("/credits/purchase?dollars=5").text)
    assert "You owe 40 credits" in page
    assert "40 of them settle what you owe 60 are left to spend 12 images or 60 themes" in page
    assert "20 images" not in page and "Several presentations" not in page
    set_balance(app, -400)
    page = visible(ada.get("/credits/purchase?dollars=5").text)
    assert "100 of them settle what you owe 300 more are needed" in page
    assert "images" not in page and "left to spend" not in page
    set_balance(app, -100)
    assert "0 are left to spend" in visible(ada.get("/credits/purchase?dollars=5").text)


def test_who_has_plenty_hears_what_it_buys_and_may_buy_more(app, ada):
    page = ada.get("/credits/purchase").text
    assert "50 credits still buy 10 images or 50 themes" in visible(page)
    assert '<details class="anyway">' in page
    assert '<details class="anyway" open>' in ada.get("/credits/purchase?dollars=5").text
    set_balance(app, 49)
    assert "You have plenty" not in ada.get("/credits/purchase").text


def test_nobody_has_plenty_who_cannot_buy_each_thing(make_app):
    client = make_app(credit_costs={"IMAGE_GENERATION": 60}).test_client()
    register(client)
    assert "You have plenty" not in client.get("/credits/purchase").text


@pytest.mark.parametrize(
    ("least", "most", "marks"),
    [(1, 500, 5), (5, 30, 3), (2, 50, 4), (60, 500, 0), (50, 50, 0)],
)
def test_the_slider_has_the_marks_that_are_on_offer(make_app, least, most, marks):
    client = make_app(min_purchase_dollars=least, max_purchase_dollars=most).test_client()
    register(client)
    page = client.get("/credits/purchase").text
    assert page.count('data-amount-target="preset"') == page.count("<line ") == marks
    assert page.count('type="range"') == (1 if marks else 0)


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
    pages = [ada.get(path) for path in ("/credits/", "/studio/", "/api/credits")]
    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", fail)
    assert [page.status_code for page in pages] == [503] * 3
    assert "Please try again" in pages[0].text
    assert pages[2].headers["Retry-After"] == "5"
    assert ada.get("/credits/").status_code == 200
