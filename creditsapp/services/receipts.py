"""What Dodo, as the seller, holds for a buyer: invoices, and a portal. None of it is kept here."""

import time

from creditsapp.dodo.client import DodoClient
from creditsapp.services import customers, purchases
from creditsapp.services.errors import CustomerNotFound, PurchaseNotFound
from creditsapp.services.transaction import end_reads
from creditsapp.translation import gettext as _

BUDGET_SECONDS = 9.0


def invoice(dodo: DodoClient, user_id: int, purchase_id: str) -> bytes:
    """The invoice of a user's own order, a PDF.

    Raise PurchaseNotFound, also for an order that was not paid, NotKnown or ProviderUnavailable.
    """
    payment = purchases.payment_of(purchases.find(user_id, purchase_id))
    if payment is None or payment.status != "succeeded":
        raise PurchaseNotFound(_("There is no such purchase."))
    payment_id = payment.id
    end_reads()  # Dodo may take its time, and connections are few
    return dodo.invoice(payment_id, deadline=time.monotonic() + BUDGET_SECONDS)


def portal_link(dodo: DodoClient, user_id: int, return_url: str) -> str:
    """Where a user sees their payments at Dodo; raise CustomerNotFound or ProviderUnavailable."""
    customer_id = customers.customer_id(user_id)
    if customer_id is None:
        raise CustomerNotFound(_("You have not bought anything yet."))
    end_reads()
    return dodo.portal_link(customer_id, return_url, deadline=time.monotonic() + BUDGET_SECONDS)
