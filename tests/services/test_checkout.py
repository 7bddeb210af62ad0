"""From an order to the checkout page, with a Dodo that does what the test says."""

import threading
import time
from datetime import timedelta

import pytest

from creditsapp.dodo.client import Buyer
from creditsapp.extensions import db
from creditsapp.models import Purchase
from creditsapp.services import checkout, customers, purchases
from creditsapp.services.errors import IdempotencyConflict, ProviderUnavailable
from creditsapp.services.purchases import Offer
from tests.builders import make_user

pytestmark = pytest.mark.usefixtures("context")

OFFER = Offer(20, 1, 500)
PAGES = checkout.Pages("https://x.example/s?p={purchase_id}", "https://x.example/c")


class Dodo:
    """A provider that answers at once, unless told otherwise."""

    def __init__(self, session_id=None, wait=0.0, error=None, customer_error=None):
        self.session_id, self.wait, self.error = session_id, wait, error
        self.customer_error = customer_error
        self.customers, self.checkouts = [], []

    def create_customer(self, buyer, *, deadline):
        if self.customer_error:
            raise self.customer_error
        self.customers.append(buyer)
        return f"cus_{buyer.user_id}"

    def create_checkout(self, buyer, **order):
        self.checkouts.append(order)
        time.sleep(self.wait)
        if self.error:
            raise self.error
        session_id = self.session_id or f"cks_{order['purchase_id']}"
        return session_id, f"https://checkout.dodopayments.com/session/{session_id}"


def order(dodo, user, dollars=5, **options):
    return checkout.order(dodo, OFFER, Buyer(user, "a@b.example", ""), dollars, PAGES, **options)


def test_an_order_waits_at_the_checkout_page():
    user, dodo = make_user(), Dodo()
    placed = order(dodo, user)
    assert (placed.status, placed.dollars, placed.credits) == ("pending", 5, 100)
    assert dodo.checkouts[0]["success_url"].endswith(placed.id)


def test_a_customer_is_made_once_and_remembered():
    user, dodo = make_user(), Dodo()
    order(dodo, user)
    order(dodo, user)
    assert len(dodo.customers) == 1
    assert dodo.checkouts[1]["customer_id"] == customers.customer_id(user) == f"cus_{user}"


def test_without_a_customer_the_order_goes_on_by_address():
    user, dodo = make_user(), Dodo(customer_error=ProviderUnavailable("down"))
    assert order(dodo, user).status == "pending"
    assert dodo.checkouts[0]["customer_id"] is None
    assert customers.customer_id(user) is None


@pytest.mark.parametrize("error", [ProviderUnavailable("down"), RuntimeError("a bug")])
def test_a_checkout_that_fails_fails_the_order_and_gives_its_key_back(error):
    user = make_user()
    with pytest.raises(type(error)):
        order(Dodo(error=error), user, key="k")
    (failed,) = db.session.scalars(db.select(Purchase).where(Purchase.user_id == user))
    assert failed.status == "failed"
    assert order(Dodo(), user, key="k").status == "pending"


def test_a_session_that_is_another_orders_is_nonsense():
    user = make_user()
    order(Dodo("cks_same"), user)
    with pytest.raises(ProviderUnavailable):
        order(Dodo("cks_same"), user)


def test_the_same_key_is_one_order_and_for_another_amount_a_conflict():
    user, dodo = make_user(), Dodo()
    assert order(dodo, user, key="k").id == order(dodo, user, key="k").id
    assert len(dodo.checkouts) == 1
    with pytest.raises(IdempotencyConflict):
        order(dodo, user, dollars=6, key="k")


def test_the_second_click_of_a_double_click_gets_the_first_ones_page(context):
    user, found = make_user(), []
    db.session.remove()

    def click():
        with context.app_context():
            found.append(order(Dodo(wait=0.5), user, key="k").checkout_url)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    began = time.monotonic()
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert len(found) == 2 and found[0] == found[1]
    assert time.monotonic() - began < 5


def test_an_order_that_was_cut_off_gives_its_key_back():
    user = make_user()
    cut, _new = purchases.start(user, 5, 100, key="k")
    db.session.get_one(Purchase, cut.id).created_at -= timedelta(minutes=1)
    db.session.commit()
    with pytest.raises(ProviderUnavailable):
        order(Dodo(), user, key="k")
    assert order(Dodo(), user, key="k").status == "pending"
