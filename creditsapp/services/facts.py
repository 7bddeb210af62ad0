"""What a webhook's `data` says, read strictly where it is used and not at all elsewhere.

Shapes are those of Dodo's API 1.112: amounts are integers in the currency's minor units, except
a dispute's, which arrives as a string.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

PAYMENT_STATUSES = (
    "succeeded failed cancelled processing requires_customer_action requires_merchant_action"
    " requires_payment_method requires_confirmation requires_capture partially_captured"
    " partially_captured_and_capturable"
).split()
REFUND_STATUSES = "succeeded failed pending review".split()
DISPUTE_STATUSES = (
    "dispute_opened dispute_expired dispute_accepted dispute_cancelled dispute_challenged"
    " dispute_won dispute_lost"
).split()
_INT32 = 2**31
YEARS = range(2000, 3000)  # beyond them, a database in another zone may give a time back as none

T = TypeVar("T")


class Unusable(Exception):
    """A field that is needed is missing or of another type; the message names it."""


@dataclass(frozen=True)
class PaymentFacts:
    """One payment; what Dodo did not say is None, and `unusable` names what cannot be read."""

    payment_id: str
    business_id: str | None
    status: str
    session_id: str | None
    purchase_id: str | None
    customer_id: str | None
    currency: str | None
    total: int | None
    tax: int | None
    settlement_currency: str | None
    settlement: int | None
    cart: tuple[tuple[str, int], ...] | None
    discounted: bool
    unusable: str | None


@dataclass(frozen=True)
class RefundFacts:
    """One refund of a payment."""

    refund_id: str
    payment_id: str
    status: str
    amount: int | None
    currency: str | None
    is_partial: bool | None
    event_at: datetime


@dataclass(frozen=True)
class DisputeFacts:
    """One dispute of a payment."""

    dispute_id: str
    payment_id: str
    status: str
    stage: str | None
    amount: int | None
    currency: str | None
    event_at: datetime


def payment_facts(data: dict[str, Any]) -> PaymentFacts:
    """Read a Payment; raise Unusable when it cannot be told which it is and how it stands."""
    metadata = _object(data, "metadata") or {}
    problems: list[str] = []

    def lenient(read: Callable[..., T | None], *where: Any) -> T | None:
        try:
            return read(*where)
        except Unusable as problem:
            problems.append(str(problem))
            return None

    return PaymentFacts(
        payment_id=_required(_id(data, "payment_id"), "payment_id"),
        business_id=lenient(_id, data, "business_id"),
        status=_known(data, "status", PAYMENT_STATUSES),
        session_id=lenient(_id, data, "checkout_session_id"),
        purchase_id=lenient(_id, metadata, "purchase_id"),
        customer_id=lenient(_id, _object(data, "customer") or {}, "customer_id"),
        currency=lenient(_currency, data, "currency"),
        total=lenient(_minor_units, data, "total_amount"),
        tax=lenient(_minor_units, data, "tax"),
        settlement_currency=lenient(_currency, data, "settlement_currency"),
        settlement=lenient(_minor_units, data, "settlement_amount"),
        cart=lenient(_cart, data),
        discounted=bool(data.get("discounts") or data.get("discount_id")),
        unusable=next(iter(problems), None),
    )


def refund_facts(data: dict[str, Any], event_at: datetime) -> RefundFacts:
    """Read a Refund; raise Unusable."""
    is_partial = data.get("is_partial")
    return RefundFacts(
        refund_id=_required(_id(data, "refund_id"), "refund_id"),
        payment_id=_required(_id(data, "payment_id"), "payment_id"),
        status=_known(data, "status", REFUND_STATUSES),
        amount=_minor_units(data, "amount"),
        currency=_currency(data, "currency"),
        is_partial=is_partial if isinstance(is_partial, bool) else None,
        event_at=event_at,
    )


def dispute_facts(data: dict[str, Any], event_at: datetime) -> DisputeFacts:
    """Read a Dispute; raise Unusable."""
    amount = data.get("amount")
    if isinstance(amount, str) and re.fullmatch("[0-9]{1,10}", amount, re.ASCII):
        data = data | {"amount": int(amount)}
    elif isinstance(amount, str):
        data = data | {"amount": None}  # all credits are taken back, whatever the amount
    return DisputeFacts(
        dispute_id=_required(_id(data, "dispute_id"), "dispute_id"),
        payment_id=_required(_id(data, "payment_id"), "payment_id"),
        status=_known(data, "dispute_status", DISPUTE_STATUSES),
        stage=_id(data, "dispute_stage", longest=40),
        amount=_minor_units(data, "amount"),
        currency=_currency(data, "currency"),
        event_at=event_at,
    )


def event_time(event: dict[str, Any]) -> datetime:
    """The `timestamp` of an event, aware; raise Unusable."""
    value = event.get("timestamp")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None and moment.year in YEARS:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Unusable("timestamp is not a time")


def _cart(data: dict[str, Any]) -> tuple[tuple[str, int], ...] | None:
    lines = data.get("product_cart")
    if lines is None:
        return None
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise Unusable("product_cart is not a list of lines")
    cart = []
    for line in lines:
        product, quantity = _id(line, "product_id"), line.get("quantity")
        if product is None or type(quantity) is not int:
            raise Unusable("product_cart has a line without product or quantity")
        cart.append((product, quantity))
    return tuple(cart)


def _object(data: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = data.get(name)
    return value if isinstance(value, dict) else None


def _id(data: dict[str, Any], name: str, longest: int = 255) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise Unusable(f"{name} is not an id")
    return value


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise Unusable(f"{name} is missing")
    return value


def _known(data: dict[str, Any], name: str, values: list[str]) -> str:
    value = data.get(name)
    if value not in values:
        raise Unusable(f"{name} is not one that is known")
    return str(value)


def _currency(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value, re.ASCII):
        raise Unusable(f"{name} is not a currency")
    return value


def _minor_units(data: dict[str, Any], name: str) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < _INT32:
        raise Unusable(f"{name} is not an amount in minor units")
    return value
