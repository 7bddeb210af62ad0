"""Many usages of one wallet, posted like one: one guard, one statement, all or nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from creditsapp.driver import Driver
from creditsapp.models import LedgerEntry
from creditsapp.models.types import to_units
from creditsapp.services.alerts import ON_POSTGRESQL, alert_on_sqlite
from creditsapp.services.mails import note_queued
from creditsapp.services.posting import Movement, entry_of

_MOVE = """
UPDATE wallets SET
    balance = balance - CAST(:total AS bigint),
    version = version + :count,
    lifetime_used = lifetime_used + CAST(:total AS bigint)
WHERE user_id = CAST(:user_id AS bigint) AND balance - held >= CAST(:total AS bigint)
RETURNING version, balance, alert_below"""

_POSTGRESQL = (
    f"WITH wallet AS ({_MOVE}), mail AS ({ON_POSTGRESQL.format(spent='total')})\n"  # nosec B608 # ours
    "INSERT INTO ledger_entries (user_id, number, amount, balance_after, type, operation,"
    " description, details, idempotency_key, created_at)\n"
    "SELECT CAST(:user_id AS bigint), version - :count + place, amount,"
    " balance + CAST(:total AS bigint) + running, 'usage', operation, description,"
    " CAST(details AS json), key, clock_timestamp()\n"
    "FROM wallet, json_to_recordset(CAST(:rows AS json)) AS usage (place integer, amount bigint,"
    " running bigint, operation varchar, description varchar, details varchar,"
    " key varchar)\n"
    "RETURNING number, balance_after, created_at, EXISTS (SELECT FROM mail)"
)
_SQLITE_APPEND = (
    "INSERT INTO ledger_entries (user_id, number, amount, balance_after, type, operation,"
    " description, details, idempotency_key, created_at)\n"
    "VALUES (:user_id, :number, :amount, :balance_after, 'usage', :operation, :description,"
    " :details, :key, :created_at)"
)


def post_usages(driver: Driver, movements: Sequence[Movement]) -> list[LedgerEntry] | None:
    """Post usages of one wallet in their order; None when the guard refused them all.

    Raise IntegrityError when one of their keys is used already.
    """
    amounts = [to_units(movement.amount) for movement in movements]
    rows = [
        {
            "place": place,
            "amount": amount,
            "running": running,
            "operation": movement.operation,
            "description": movement.description,
            "details": movement.details_json,
            "key": movement.key,
        }
        for place, (movement, amount, running) in enumerate(
            zip(movements, amounts, accumulate(amounts), strict=True), 1
        )
    ]
    totals = {"user_id": movements[0].user_id, "total": -sum(amounts), "count": len(movements)}
    if driver.dialect.name == "postgresql":
        posted = driver.rows(_POSTGRESQL, totals | {"rows": json.dumps(rows)})
        found = sorted((number, balance, at) for number, balance, at, _ in posted)
        if any(alerted for *_, alerted in posted):
            note_queued()
    else:
        found = _append(driver, totals, rows)
    if not found:
        return None
    return [entry_of(movement, *posted) for movement, posted in zip(movements, found, strict=True)]


def _append(
    driver: Driver, totals: dict[str, Any], rows: list[dict[str, Any]]
) -> list[tuple[int, int, datetime]]:
    moved = driver.row(_MOVE, totals)
    if moved is None:
        return []
    version, balance, threshold = moved
    created_at = datetime.now(UTC)
    values = [
        row
        | {
            "user_id": totals["user_id"],
            "number": version - totals["count"] + row["place"],
            "balance_after": balance + totals["total"] + row["running"],
            "created_at": driver.moment(created_at),
        }
        for row in rows
    ]
    for value in values:
        driver.rows(_SQLITE_APPEND, value)
    alert_on_sqlite(driver, totals["user_id"], balance, totals["total"], threshold, created_at)
    return [(value["number"], value["balance_after"], created_at) for value in values]
