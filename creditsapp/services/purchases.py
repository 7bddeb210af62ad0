"""Orders of credits: written before Dodo is asked, paid only by settlement."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from creditsapp.extensions import db
from creditsapp.formatting import number
from creditsapp.models import Payment, Purchase
from creditsapp.models.types import NO_CREDITS, added, as_credits, is_uuid
from creditsapp.services.errors import (
    IdempotencyConflict,
    InvalidDollars,
    ProviderUnavailable,
    PurchaseNotFound,
    TryAgainLater,
)
from creditsapp.services.keys import caller_key
from creditsapp.services.orders import UNDER_WAY
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction, violates
from creditsapp.translation import gettext as _

CHECKOUT_LIFE = timedelta(hours=24)  # of a checkout session at Dodo
PORTION = 200


@dataclass(frozen=True)
class Offer:
    """What is for sale: `minimum` to `maximum` whole dollars, each for `per_dollar` credits."""

    per_dollar: Decimal
    minimum: int
    maximum: int

    def credits(self, dollars: Any) -> Decimal:
        """The credits for a number of dollars; raise InvalidDollars unless that is on offer."""
        if type(dollars) is not int or not self.minimum <= dollars <= self.maximum:
            raise InvalidDollars(
                _(
                    "Choose a whole number of dollars from %(minimum)s to %(maximum)s.",
                    minimum=number(self.minimum),
                    maximum=number(self.maximum),
                )
            )
        return as_credits(self.per_dollar * dollars)


@retried
def start(
    user_id: int,
    dollars: int,
    credits: Decimal,
    *,
    key: str | None = None,
    return_to: str | None = None,
) -> tuple[Purchase, bool]:
    """Write an order down; return it, and whether it is new.

    The same key gives the same order, unless that one failed. Raise IdempotencyConflict when it
    was for another amount.
    """
    at = now()
    purchase = Purchase(
        id=str(uuid.uuid4()),
        user_id=user_id,
        dollars=dollars,
        credits=credits,
        status="created",
        form_key=None if key is None else caller_key(key),
        return_to=return_to,
        created_at=at,
        updated_at=at,
    )
    try:
        with transaction() as session:
            session.add(purchase)
    except IntegrityError as error:
        if not violates(error, "uq_purchases_form_key"):
            raise
        return _ordered_before(purchase), False
    return purchase, True


def _ordered_before(purchase: Purchase) -> Purchase:
    found = db.session.scalars(
        select(Purchase).where(
            Purchase.user_id == purchase.user_id, Purchase.form_key == purchase.form_key
        )
    ).one_or_none()
    if found is None:
        raise TryAgainLater(_("This order has just failed. Nothing was charged; please try again."))
    if found.dollars != purchase.dollars:
        raise IdempotencyConflict(_("This form was sent before, for another amount."))
    return found


@retried
def opened(purchase_id: str, session_id: str, url: str) -> None:
    """Dodo has a checkout page for the order; a payment may have come in already.

    Raise ProviderUnavailable when Dodo named a session that is another order's.
    """
    try:
        with transaction() as session:
            session.execute(
                update(Purchase)
                .where(Purchase.id == purchase_id)
                .values(checkout_session_id=session_id, checkout_url=url, updated_at=now())
            )
            session.execute(
                update(Purchase)
                .where(Purchase.id == purchase_id, Purchase.status == "created")
                .values(status="pending")
            )
    except IntegrityError as error:
        if not violates(error, "uq_purchases_checkout_session_id"):
            raise
        raise ProviderUnavailable(
            _("The payment provider gave an answer that cannot be right. Nothing was charged.")
        ) from None


@retried
def failed(purchase_id: str) -> None:
    """Dodo gave no checkout page; the order gives its key back, so that it can be tried again."""
    with transaction() as session:
        session.execute(
            update(Purchase)
            .where(Purchase.id == purchase_id, Purchase.status == "created")
            .values(status="failed", form_key=None, updated_at=now())
        )


def expire_forgotten() -> int:
    """Close the orders whose checkout page is gone; return how many there were.

    A payment that comes all the same is credited. They are taken some at a time, and those that
    another has in hand are left to it.
    """
    expired = 0
    while some := _expire_some():
        expired += some
    return expired


@retried
def _expire_some() -> int:
    under_way = select(Payment.id).where(
        Payment.purchase_id == Purchase.id, Payment.status.in_(UNDER_WAY)
    )
    with transaction() as session:
        forgotten = (
            select(Purchase.id)
            .where(
                Purchase.status.in_(("created", "pending")),
                Purchase.created_at < now() - CHECKOUT_LIFE,
                ~under_way.exists(),
            )
            .limit(PORTION)
            .with_for_update(skip_locked=True)
        )
        ids = session.scalars(forgotten).all()
        if ids:
            session.execute(
                update(Purchase)
                .where(Purchase.id.in_(ids))
                .values(status="expired", updated_at=now())
            )
        return len(ids)


def find(user_id: int, purchase_id: str) -> Purchase:
    """A user's own order, as it stands now; raise PurchaseNotFound."""
    purchase = None
    if is_uuid(purchase_id):
        purchase = _find(user_id, purchase_id)
    if purchase is None:
        raise PurchaseNotFound(_("There is no such purchase."))
    return purchase


def _find(user_id: int, purchase_id: str) -> Purchase | None:
    return db.session.scalar(
        select(Purchase)
        .where(Purchase.id == purchase_id, Purchase.user_id == user_id)
        .execution_options(populate_existing=True)
    )


def by_id(purchase_id: str | None) -> Purchase:
    """Anybody's order; raise PurchaseNotFound."""
    purchase = db.session.get(Purchase, purchase_id) if is_uuid(purchase_id) else None
    if purchase is None:
        raise PurchaseNotFound(_("There is no such purchase."))
    return purchase


def credits_given(purchase: Purchase) -> Decimal:
    """The credits that an order gave, which a person may have decided; else those it will give."""
    given = db.session.scalars(
        select(Payment.credited).where(
            Payment.purchase_id == purchase.id, Payment.credited != NO_CREDITS
        )
    ).all()
    return added(*given) if given else purchase.credits


def payment_of(purchase: Purchase) -> Payment | None:
    """The payment that paid an order, or the newest that tried to."""
    return db.session.scalar(
        select(Payment)
        .where(Payment.purchase_id == purchase.id)
        .order_by((Payment.credited > 0).desc(), Payment.created_at.desc())
        .limit(1)
    )
