"""From an order to Dodo's hosted checkout page, within ten seconds, whatever Dodo does."""

import time
from dataclasses import dataclass
from datetime import timedelta

from creditsapp.dodo.client import Buyer, DodoClient
from creditsapp.models import Purchase
from creditsapp.services import customers, purchases
from creditsapp.services.errors import ProviderUnavailable
from creditsapp.services.purchases import Offer
from creditsapp.services.transaction import end_reads, now
from creditsapp.translation import gettext as _

BUDGET_SECONDS = 9.5
CUSTOMER_SECONDS = 3.0
ABANDONED = timedelta(seconds=30)


@dataclass(frozen=True)
class Pages:
    """Where Dodo sends the buyer; `{purchase_id}` is filled in."""

    success: str
    cancel: str


def order(
    dodo: DodoClient,
    offer: Offer,
    buyer: Buyer,
    dollars: int,
    pages: Pages,
    *,
    key: str | None = None,
    return_to: str | None = None,
) -> Purchase:
    """Order credits and open the checkout page for them.

    Each step is a transaction of its own, since Dodo is asked in between. Raise InvalidDollars,
    IdempotencyConflict or ProviderUnavailable.
    """
    deadline = time.monotonic() + BUDGET_SECONDS
    credits = offer.credits(dollars)
    purchase, new = purchases.start(buyer.user_id, dollars, credits, key=key, return_to=return_to)
    if not new:
        return _opened_meanwhile(purchase, deadline)
    try:
        customer_id = customers.customer_id(buyer.user_id)
        end_reads()  # Dodo may take ten seconds, and connections are few
        if customer_id is None:
            customer_id = _new_customer(dodo, buyer, deadline)
        session_id, url = dodo.create_checkout(
            buyer,
            customer_id=customer_id,
            dollars=dollars,
            purchase_id=purchase.id,
            success_url=pages.success.format(purchase_id=purchase.id),
            cancel_url=pages.cancel.format(purchase_id=purchase.id),
            deadline=deadline,
        )
        purchases.opened(purchase.id, session_id, url)
    except BaseException:
        purchases.failed(purchase.id)
        raise
    return purchases.find(buyer.user_id, purchase.id)


def _new_customer(dodo: DodoClient, buyer: Buyer, deadline: float) -> str | None:
    """Dodo's customer for a first purchase; without one, it goes on by e-mail and name."""
    try:
        customer_id = dodo.create_customer(
            buyer, deadline=min(deadline, time.monotonic() + CUSTOMER_SECONDS)
        )
    except ProviderUnavailable:
        return None
    customers.remember_customer(buyer.user_id, customer_id)
    return customer_id


def _opened_meanwhile(purchase: Purchase, deadline: float) -> Purchase:
    """Wait for the first click of a double click to get its answer from Dodo.

    What has no answer long after its ten seconds was cut off; it gives its key back.
    """
    if purchase.status == "created" and now() - purchase.created_at > ABANDONED:
        purchases.failed(purchase.id)
    while purchase.status == "created" and time.monotonic() < deadline:
        time.sleep(0.1)
        end_reads()
        purchase = purchases.find(purchase.user_id, purchase.id)
    if purchase.checkout_url is None:
        raise ProviderUnavailable(
            _("The payment page could not be opened. Nothing was charged; please try again.")
        )
    return purchase
