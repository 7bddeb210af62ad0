"""Column types: the exact credit amount, and UTC time."""

import uuid
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, literal
from sqlalchemy.types import TypeDecorator

LIMIT = Decimal(10**12)
FINEST = Decimal("0.0001")
_EXACT = Context(prec=64)  # a caller's own decimal context must not round what we keep


class InvalidAmount(ValueError):
    """Not an amount of credits that can be kept exactly."""


def as_credits(value: object) -> Decimal:
    """An exact amount of credits, at most 4 decimals and within ±10^12.

    Raise TypeError for anything but Decimal and int (a float is never exact), InvalidAmount for
    a finer, larger or undefined amount.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"credits are Decimal or int, not {type(value).__name__}")
    amount = Decimal(value)
    if not amount.is_finite():
        raise InvalidAmount("credits are finite numbers")
    if amount.copy_abs() > LIMIT:
        raise InvalidAmount("credits stay within a million million")
    return from_units(to_units(amount))


def positive_credits(value: object) -> Decimal:
    """An exact amount above zero; raise as `as_credits` does."""
    amount = as_credits(value)
    if amount <= 0:
        raise InvalidAmount("an amount of credits is above zero")
    return amount


def signed_credits(value: object) -> Decimal:
    """An exact amount other than zero; raise as `as_credits` does."""
    amount = as_credits(value)
    if amount == 0:
        raise InvalidAmount("an amount of credits is not zero")
    return amount


def to_units(amount: Decimal) -> int:
    """Whole ten-thousandths of a credit; raise InvalidAmount when there are finer parts."""
    rounded = amount.quantize(FINEST, context=_EXACT)
    if rounded != amount:
        raise InvalidAmount("credits have at most 4 decimals")
    return int(rounded.scaleb(4, _EXACT))


def from_units(units: int) -> Decimal:
    """Credits from ten-thousandths, without trailing zeros."""
    whole, rest = divmod(units, 10_000)
    return Decimal(whole) if rest == 0 else Decimal(units).scaleb(-4, _EXACT).normalize(_EXACT)


class CreditAmount(TypeDecorator[Decimal]):
    """An exact amount of credits, stored as a 64-bit integer of ten-thousandths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else to_units(as_credits(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else from_units(int(value))


NO_CREDITS = literal(Decimal(0), CreditAmount())


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def exact(amount: Decimal) -> int | Decimal:
    """An amount for JSON: an int where it is whole."""
    return int(amount) if amount == int(amount) else amount.normalize(_EXACT)


def is_uuid(text: object) -> bool:
    """Whether this is an id of ours, as we write it."""
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text
    except ValueError:
        return False


def format_credits(amount: Decimal) -> str:
    """An amount with its word: "1 credit", "45.2 credits", "-3 credits"."""
    return f"{exact(amount):,} credit{'' if amount == 1 else 's'}"
