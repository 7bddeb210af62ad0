"""The app beside a real sandbox that nobody delivers the webhooks of."""

import itertools
import time
from dataclasses import dataclass

import httpx
import pytest
from flask import Flask

from creditsapp.dodo import dodo_client
from creditsapp.dodo.client import Buyer
from creditsapp.sandbox import create_sandbox
from creditsapp.services import checkout, ledger
from creditsapp.services.checkout import Pages
from creditsapp.services.purchases import Offer
from tests.builders import event, make_user, settle
from tests.sandbox.conftest import serve
from tests.servers import WEBHOOK_SECRET

_numbers = itertools.count(1)


@dataclass
class Shop:
    """What a buyer, a bank and Dodo's dashboard do."""

    app: Flask
    url: str
    http: httpx.Client

    def user(self):
        """A new user's id, without credits."""
        return make_user(0, email=f"buyer{next(_numbers)}@example.com")

    def order(self, user, dollars=5):
        """Open a checkout page for an order."""
        buyer = Buyer(user, f"buyer-{user}@example.com", "B")
        pages = Pages("http://shop.test/{purchase_id}", "http://shop.test/")
        return checkout.order(dodo_client(), OFFER, buyer, dollars, pages)

    def pay(self, order, **fields):
        """Pay an order at Dodo, whose webhook is lost; return the payment's id."""
        path = f"/sandbox/sessions/{order.checkout_session_id}/pay"
        return self.control(path, **fields)["payment_id"]

    def bought(self, dollars=5, **fields):
        """A user, an order and its payment, credited by its webhook."""
        user = self.user()
        order = self.order(user, dollars)
        payment_id = self.pay(order, **fields)
        self.deliver(payment_id)
        return user, order, payment_id

    def deliver(self, payment_id):
        """Let the webhook of a payment arrive."""
        data = dodo_client().payment(payment_id, deadline=time.monotonic() + 5).data
        return settle(event(f"payment.{data['status']}", data) | {"business_id": "bus_sandbox"})

    def refund(self, payment_id, amount=None, **fields):
        """Refund at Dodo's dashboard; return the refund's id."""
        fields |= {} if amount is None else {"amount": amount}
        return self.control(f"/sandbox/payments/{payment_id}/refund", **fields)["refund_id"]

    def dispute(self, payment_id, status, **fields):
        """Bring a payment's dispute to a status; return its id."""
        path = f"/sandbox/payments/{payment_id}/dispute"
        return self.control(path, status=f"dispute_{status}", **fields)["dispute_id"]

    def fault(self, fault, **fields):
        """Let Dodo's API fail."""
        self.control("/sandbox/faults", fault=fault, **fields)

    def heal(self):
        """Let Dodo's API be well again."""
        self.control("/sandbox/faults/reset")

    def control(self, path, /, **fields):
        """Press a button of the sandbox."""
        answer = self.http.post(path, json=fields)
        assert answer.is_success, answer.text
        return answer.json()

    def refunds(self, payment_id):
        """The refunds that Dodo has made of a payment."""
        answer = self.http.get(f"/payments/{payment_id}", headers={"Authorization": "Bearer k"})
        return answer.json()["refunds"]


OFFER = Offer(20, 1, 500)


def balance(user):
    return ledger.balance(user).balance


@pytest.fixture
def sandbox_url(tmp_path):
    app = create_sandbox(
        database=tmp_path / "sandbox.db",
        api_key=None,
        webhook_secret=WEBHOOK_SECRET,
        webhook_url="http://127.0.0.1:9/",
    )
    yield from serve(app)


@pytest.fixture
def app(make_app, sandbox_url):
    return make_app(dodo_payments_base_url=sandbox_url)


@pytest.fixture
def shop(app, sandbox_url):
    with httpx.Client(base_url=sandbox_url) as http:
        with app.app_context():
            yield Shop(app, sandbox_url, http)
