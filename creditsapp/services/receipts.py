"""What became of an order's money and credits, and the documents that Dodo, the seller, holds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from creditsapp.dodo.client import DodoClient
from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.services import customers, purchases
from creditsapp.services.errors import CustomerNotFound, PurchaseNotFound
from creditsapp.services.transaction import end_reads
from creditsapp.translation import gettext as _

BUDGET_SECONDS = 9.0

Report = TypeVar("Report", PaymentRefund, PaymentDispute)


@dataclass(frozen=True)
class Paid:
    """A payment that succeeded, with what was refunded and disputed of it."""

    payment: Payment
    refunds: list[PaymentRefund]
    disputes: list[PaymentDispute]


def paid(purchase: Purchase) -> list[Paid]:
    """The payments that an order was paid by, the one that gave its credits first."""
    payments = db.session.scalars(
        select(Payment)
        .where(Payment.purchase_id == purchase.id, Payment.status == "succeeded")
        .order_by((Payment.credited > 0).desc(), Payment.created_at, Payment.id)
    ).all()
    ids = [payment.id for payment in payments]
    refunds, disputes = _reports(PaymentRefund, ids), _reports(PaymentDispute, ids)
    return [
        Paid(
            payment,
            [refund for refund in refunds if refund.payment_id == payment.id],
            [dispute for dispute in disputes if dispute.payment_id == payment.id],
        )
        for payment in payments
    ]


def _reports(table: type[Report], payment_ids: list[str]) -> Sequence[Report]:
    query = select(table).where(table.payment_id.in_(payment_ids))
    return db.session.scalars(query.order_by(table.created_at, table.id)).all()


def movements(purchase: Purchase, paid: list[Paid]) -> Sequence[LedgerEntry]:
    """The entries that an order made in its buyer's ledger, oldest first, found by their keys."""
    keys = [f"purchase:{purchase.id}"]
    for payment in (each.payment for each in paid):
        keys.append(f"payment:{payment.id}")
        keys += [f"settle:{payment.id}:{n}" for n in range(1, payment.settlements + 1)]
    return db.session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.user_id == purchase.user_id, LedgerEntry.idempotency_key.in_(keys))
        .order_by(LedgerEntry.number)
    ).all()


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
