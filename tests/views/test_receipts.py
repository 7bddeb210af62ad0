"""Invoices and the payment portal: fetched from Dodo when asked for, by the buyer alone."""

import pytest

from creditsapp.extensions import db
from creditsapp.models import Purchase
from tests.builders import csrf_token, deliver, payment_event, register
from tests.dodo.server import answer, dodo_server

PDF = answer(b"%PDF-1.7 an invoice", **{"Content-Type": "application/pdf"})


@pytest.fixture
def dodo():
    with dodo_server() as server:
        server.routes["/invoices/payments/pay_1"] = PDF
        yield server


@pytest.fixture
def app(make_app, dodo):
    return make_app(dodo_payments_base_url=dodo.url)


@pytest.fixture
def receipt(ada, order):
    """The address of the receipt of a paid order."""
    deliver(ada, payment_event(order))
    return f"/credits/purchases/{order.id}"


def open_portal(client, page="/credits/"):
    return client.post("/credits/portal", data={"csrf_token": csrf_token(client.get(page).text)})


def test_a_receipt_leads_to_the_invoice_which_is_a_download(ada, receipt, order):
    assert f'href="{receipt}/invoice"' in ada.get(receipt).text
    invoice = ada.get(f"{receipt}/invoice")
    assert (invoice.status_code, invoice.data) == (200, PDF[2])
    assert invoice.headers["Content-Type"] == "application/pdf"
    assert (
        invoice.headers["Content-Disposition"] == f'attachment; filename="invoice-{order.id}.pdf"'
    )
    assert invoice.headers["Cache-Control"] == "no-store"
    assert invoice.headers["X-Content-Type-Options"] == "nosniff"


def test_without_a_payment_there_is_no_invoice_and_no_portal(ada, dodo, order):
    page = ada.get(f"/credits/purchases/{order.id}").text
    assert "invoice" not in page and "/credits/portal" not in page
    assert ada.get(f"/credits/purchases/{order.id}/invoice").status_code == 404
    deliver(ada, payment_event(order, kind="payment.failed"))
    assert ada.get(f"/credits/purchases/{order.id}/invoice").status_code == 404
    assert dodo.requests == []


def test_an_order_in_review_was_paid_and_has_its_invoice(app, ada, order):
    deliver(ada, payment_event(order, total_amount=1))
    with app.app_context():
        assert db.session.get_one(Purchase, order.id).status == "review"
    assert ada.get(f"/credits/purchases/{order.id}/invoice").status_code == 200


def test_another_users_invoice_is_missing_like_one_that_never_was(app, dodo, receipt, order):
    other = app.test_client()
    register(other)
    foreign = other.get(f"{receipt}/invoice")
    never = other.get(f"/credits/purchases/{'0' * 8}-0000-4000-8000-{'0' * 12}/invoice")
    assert (foreign.status_code, never.status_code) == (404, 404)
    token = csrf_token(foreign.text)
    assert foreign.text.replace(token, "") == never.text.replace(csrf_token(never.text), "")
    assert dodo.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        answer({}, 500),
        answer({}, 401),
        answer(b"<html>please sign in</html>", **{"Content-Type": "text/html"}),
        answer(b"<script>alert(1)</script>", **{"Content-Type": "application/pdf"}),
        answer(b""),
        answer(b"%PDF" + b"x" * 6_000_000, **{"Content-Type": "application/pdf"}),
    ],
)
def test_no_invoice_from_dodo_is_a_page_that_says_so_and_leads_back(ada, dodo, receipt, wrong):
    dodo.routes["/invoices/payments/pay_1"] = wrong
    page = ada.get(f"{receipt}/invoice")
    assert page.status_code == 503
    assert "does not answer just now" in page.text
    assert f'href="{receipt}"' in page.text
    assert ada.get(receipt).status_code == 200


def test_an_invoice_that_dodo_does_not_have_is_missing(ada, dodo, receipt):
    dodo.routes["/invoices/payments/pay_1"] = answer({"code": "NOT_FOUND"}, 404)
    page = ada.get(f"{receipt}/invoice")
    assert page.status_code == 404
    assert "has no such invoice" in page.text and f'href="{receipt}"' in page.text


def test_the_portal_opens_for_the_customer_that_the_buyer_is(ada, dodo, receipt):
    link = "https://test.customer.dodopayments.com/session/s_1"
    dodo.answers = [answer({"link": link})]
    assert 'action="/credits/portal"' in ada.get(receipt).text
    opened = open_portal(ada, receipt)
    assert (opened.status_code, opened.headers["Location"]) == (303, link)
    assert opened.headers["Cache-Control"] == "no-store"
    assert dodo.paths() == ["/customers/cus_1/customer-portal/session"]
    policy = ada.get(receipt).headers["Content-Security-Policy"]
    assert "form-action 'self' https://*.dodopayments.com" in policy


@pytest.mark.parametrize(
    "wrong",
    [answer({}, 503), answer({"link": "https://evil.example/"}), answer({"link": None})],
)
def test_no_portal_from_dodo_is_a_page_that_says_so_and_leads_back(ada, dodo, receipt, wrong):
    dodo.answers = [wrong, wrong]
    page = open_portal(ada, receipt)
    assert page.status_code == 503
    assert "does not answer just now" in page.text and 'href="/credits/"' in page.text


def test_the_portal_wants_a_token_and_a_customer(ada, dodo, order):
    assert ada.post("/credits/portal").status_code == 400
    assert open_portal(ada).status_code == 404
    assert dodo.requests == []
