"""The one primitive: a movement changes the wallet and appends its ledger entry, together.

The guard stands inside the statement, so no reader's knowledge can be out of date. PostgreSQL
does both in one statement, where `clock_timestamp()` is read after the wallet's row is locked, so
that entries are in the order of their times.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from creditsapp.driver import Driver
from creditsapp.models import LedgerEntry
from creditsapp.models.types import from_units, to_units
from creditsapp.services.alerts import ON_POSTGRESQL, alert_on_sqlite
from creditsapp.services.errors import WalletNotFound
from creditsapp.services.mails import note_queued
from creditsapp.services.wallets import check_user

_GUARDS = {
    "usage": "balance - held >= -CAST(:amount AS bigint)",
    "capture": "balance >= -CAST(:amount AS bigint)",
    None: "TRUE",
}

_MOVE = """
UPDATE wallets SET
    balance = balance + CAST(:amount AS bigint),
    held = held - CAST(:released AS bigint),
    version = version + 1,
    lifetime_added = lifetime_added + CAST(:added AS bigint),
    lifetime_used = lifetime_used + CAST(:used AS bigint)
WHERE user_id = CAST(:user_id AS bigint) AND {guard}
RETURNING version, balance, alert_below"""

_COLUMNS = (
    "user_id, number, amount, balance_after, type, operation, description, details,"
    " idempotency_key, hold_id, purchase_id, payment_id, refunded_number, actor, created_at"
)
_VALUES = (
    "CAST(:type AS varchar), CAST(:operation AS varchar), CAST(:description AS varchar), {details},"
    " CAST(:key AS varchar), CAST(:hold_id AS varchar), CAST(:purchase_id AS varchar),"
    " CAST(:payment_id AS varchar), CAST(:refunded_number AS bigint), CAST(:actor AS varchar)"
)

_ALERT = f", mail AS ({ON_POSTGRESQL.format(spent='used')})"
_POSTGRESQL = {
    guard: (
        f"WITH wallet AS ({_MOVE.format(guard=condition)}){_ALERT if guard else ''}\n"
        f"INSERT INTO ledger_entries ({_COLUMNS})\n"
        "SELECT CAST(:user_id AS bigint), version, CAST(:amount AS bigint), balance, "
        + _VALUES.format(details="CAST(:details AS json)")
        + ", clock_timestamp() FROM wallet\nRETURNING number, balance_after, created_at, "
        + ("EXISTS (SELECT FROM mail)" if guard else "FALSE")
    )
    for guard, condition in _GUARDS.items()
}
_SQLITE_MOVE = {guard: _MOVE.format(guard=sql) for guard, sql in _GUARDS.items()}
_SQLITE_APPEND = (
    f"INSERT INTO ledger_entries ({_COLUMNS})\n"  # nosec B608 # constants of ours
    "VALUES (:user_id, :number, :amount, :balance_after, "
    + _VALUES.format(details=":details")
    + ", :created_at)"
)


class InvalidText(ValueError):
    """A text is too long, or holds what a database cannot keep."""


def check_text(words: str, longest: int) -> None:
    """Raise InvalidText for words that a database cannot keep, TypeError for what is no text."""
    if not isinstance(words, str):
        raise TypeError(f"a text, not {type(words).__name__}")
    if len(words) > longest or _UNKEPT.search(words):
        raise InvalidText(f"a text here has at most {longest} characters, no NUL, no surrogates")


_UNKEPT = re.compile("[\0\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """What is to be posted; `amount` is signed, `released` is what leaves the held credits."""

    user_id: int
    amount: Decimal
    type: str
    key: str
    description: str
    operation: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    released: Decimal = Decimal(0)
    hold_id: str | None = None
    purchase_id: str | None = None
    payment_id: str | None = None
    refunded_number: int | None = None
    actor: str | None = None

    def __post_init__(self) -> None:
        check_user(self.user_id)
        check_text(self.operation or "", 64)
        check_text(self.description, 500)
        check_text(self.actor or "", 120)

    @property
    def details_json(self) -> str:
        """The details as they are kept; raise InvalidText, or ValueError for NaN."""
        words = json.dumps(self.details, allow_nan=False, ensure_ascii=False)
        if _UNKEPT.search(words) or _ESCAPED_NUL.search(words):
            raise InvalidText("details hold no NUL and no surrogates")
        return words

    @property
    def guard(self) -> str | None:
        """Which guard decides: only a usage can be refused for lack of credits."""
        if self.type != "usage":
            return None
        return "capture" if self.hold_id else "usage"

    @property
    def counts_as_use(self) -> bool:
        """Whether it moves what was used (a usage, or what is given back for one) or added."""
        return self.type == "usage" or self.refunded_number is not None


def post(driver: Driver, movement: Movement) -> LedgerEntry | None:
    """Post a movement; None when there is no such wallet or its guard refused.

    Raise IntegrityError when the key is used already or a balance would leave its range.
    """
    values = _values(movement)
    if driver.dialect.name == "postgresql":
        row = driver.row(_POSTGRESQL[movement.guard], values)
        if row is None:
            return None
        *posted, alerted = row
        if alerted:
            note_queued()
        return entry_of(movement, *posted)
    row = driver.row(_SQLITE_MOVE[movement.guard], values)
    if row is None:
        return None
    number, balance, threshold = row
    created_at = datetime.now(UTC)
    values |= {
        "number": number,
        "balance_after": balance,
        "created_at": driver.moment(created_at),
    }
    driver.rows(_SQLITE_APPEND, values)
    if movement.guard:
        alert_on_sqlite(driver, movement.user_id, balance, values["used"], threshold, created_at)
    return entry_of(movement, number, balance, created_at)


def post_unguarded(driver: Driver, movement: Movement) -> LedgerEntry:
    """Post what no lack of credits can refuse; raise WalletNotFound."""
    entry = post(driver, movement)
    if entry is None:
        raise WalletNotFound(f"there is no wallet of user {movement.user_id}")
    return entry


def _values(movement: Movement) -> dict[str, Any]:
    units = to_units(movement.amount)
    return {
        "user_id": movement.user_id,
        "amount": units,
        "released": to_units(movement.released),
        "added": 0 if movement.counts_as_use else units,
        "used": -units if movement.counts_as_use else 0,
        "type": movement.type,
        "key": movement.key,
        "operation": movement.operation,
        "description": movement.description,
        "details": movement.details_json,
        "hold_id": movement.hold_id,
        "purchase_id": movement.purchase_id,
        "payment_id": movement.payment_id,
        "refunded_number": movement.refunded_number,
        "actor": movement.actor,
    }


def entry_of(movement: Movement, number: int, balance: int, created_at: datetime) -> LedgerEntry:
    """The entry that a posted movement became; `balance` in ten-thousandths."""
    return LedgerEntry(
        user_id=movement.user_id,
        number=number,
        amount=movement.amount,
        balance_after=from_units(balance),
        type=movement.type,
        operation=movement.operation,
        description=movement.description,
        details=movement.details,
        idempotency_key=movement.key,
        hold_id=movement.hold_id,
        purchase_id=movement.purchase_id,
        payment_id=movement.payment_id,
        refunded_number=movement.refunded_number,
        actor=movement.actor,
        created_at=created_at.astimezone(UTC),
    )
