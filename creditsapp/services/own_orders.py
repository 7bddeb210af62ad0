"""A buyer's own orders, newest first, each with what its payments came to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, literal, or_, select, tuple_

from creditsapp.extensions import db
from creditsapp.models import Payment, Purchase
from creditsapp.models.types import NO_CREDITS
from creditsapp.services import purchases
from creditsapp.services.orders import UNDER_WAY
from creditsapp.services.transaction import now

FRESH = timedelta(hours=1)  # for so long an unpaid order may be one whose payment is on its way
PAYMENTS_UNDER_WAY = func.count(case((Payment.status.in_(UNDER_WAY), 1)))


class Order(NamedTuple):
    """An order, what it gave and what of it was taken back, and if a payment is under way."""

    purchase: Purchase
    given: Decimal
    taken_back: Decimal
    under_way: bool

    @property
    def credits(self) -> Decimal:
        """The credits it gave, or else those it will give."""
        return self.given or self.purchase.credits


def page(user_id: int, *, limit: int, before: str | None = None) -> tuple[list[Order], str | None]:
    """Orders older than the order `before`, and the one to go on before, if any.

    Raise PurchaseNotFound when `before` is no order of this user.
    """
    query = _orders(user_id).limit(limit + 1)
    if before is not None:
        last = purchases.find(user_id, before)
        moment = literal(last.created_at, Purchase.created_at.type)
        query = query.where(tuple_(Purchase.created_at, Purchase.id) < tuple_(moment, last.id))
    orders = [_order(*row) for row in db.session.execute(query)]
    more = len(orders) > limit
    return orders[:limit], orders[limit - 1].purchase.id if more else None


def open_orders(user_id: int) -> list[Order]:
    """Orders that are waited for: in review, with a payment under way, or not paid just yet."""
    query = (
        _orders(user_id)
        .where(Purchase.status.in_(("pending", "review")))
        .having(
            or_(
                Purchase.status == "review",
                Purchase.created_at > now() - FRESH,
                PAYMENTS_UNDER_WAY > 0,
            )
        )
    )
    return [_order(*row) for row in db.session.execute(query)]


def _orders(user_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Purchase,
            func.coalesce(func.sum(Payment.credited), NO_CREDITS),
            func.coalesce(func.sum(Payment.reversed_credits), NO_CREDITS),
            PAYMENTS_UNDER_WAY,
        )
        .outerjoin(Payment, Payment.purchase_id == Purchase.id)
        .where(Purchase.user_id == user_id)
        .group_by(Purchase.id)
        .order_by(Purchase.created_at.desc(), Purchase.id.desc())
    )


def _order(purchase: Purchase, given: Decimal, taken_back: Decimal, under_way: int) -> Order:
    return Order(purchase, given, taken_back, bool(under_way))
