"""The webhooks to send: which, when next, and how the attempts went.

A delivery is `pending`, `delivered`, `failed` (its last attempt too), `withheld` (a lost
webhook that somebody asked for) or `held` (back, until others can be sent before it).
"""

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditsapp.sandbox import webhook_modes
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.times import iso

if TYPE_CHECKING:
    from creditsapp.sandbox.store import Document, Store, Transaction

STATES = {
    "pending": "waiting",
    "delivered": "delivered",
    "failed": "failed",
    "withheld": "lost",
    "held": "held back",
}

RETRY_DELAYS = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
LEASE_SECONDS = 30

# So far apart that two processes do not send them at once.
REVERSED_SECONDS = 0.25


@dataclass(frozen=True)
class Delivery:
    """One webhook, as it stands in the store."""

    seq: int
    id: str
    type: str
    resource_id: str
    payment_id: str
    url: str
    happened_at: str
    state: str
    attempts: int
    due: float
    leased_until: float
    last_attempt_at: str | None
    last_answer: str | None


def add(
    tx: "Transaction",
    event_type: str,
    *,
    resource_id: str,
    payment_id: str,
    url: str,
    withheld: bool = False,
    webhook_id: str | None = None,
) -> str:
    """Plan a webhook, to be sent at once unless something is to happen to it; return its id."""
    modes = {} if withheld else webhook_modes.take(tx, "drop", "delay", "reorder")
    state = "withheld" if withheld or "drop" in modes else "pending"
    if "reorder" in modes and state == "pending":
        state = "held"
    webhook_id = webhook_id or new_id("msg")
    tx.connection.execute(
        "INSERT INTO deliveries (id, type, resource_id, payment_id, url, happened_at, state, due)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            webhook_id,
            event_type,
            resource_id,
            payment_id,
            url,
            iso(),
            state,
            time.time() + (modes["delay"]["wait"] if "delay" in modes else 0),
        ),
    )
    if state == "held" and _is_complete(tx, modes["reorder"]):
        release(tx)
    return webhook_id


def release(tx: "Transaction") -> None:
    """Send what is held back, the newest first."""
    held = tx.connection.execute(
        "SELECT id, due FROM deliveries WHERE state = 'held' ORDER BY seq DESC"
    ).fetchall()
    for position, row in enumerate(held):
        due = max(row["due"], time.time()) + position * REVERSED_SECONDS
        tx.connection.execute(
            "UPDATE deliveries SET state = 'pending', due = ? WHERE id = ?", (due, row["id"])
        )


def claim(store: "Store", now: float) -> Delivery | None:
    """Lease the webhook that has waited longest, so that no other process sends it too."""
    # Looking first spares the other writers a lock every half second.
    with store.reading() as tx:
        if _next_id(tx, now) is None:
            return None
    with store.transaction() as tx:
        delivery_id = _next_id(tx, now)
        if delivery_id is None:
            return None
        tx.connection.execute(
            "UPDATE deliveries SET leased_until = ? WHERE id = ?",
            (now + LEASE_SECONDS, delivery_id),
        )
        return get(tx, delivery_id)


def record(
    store: "Store", delivery: Delivery, *, ok: bool, answer: str, now: float, clock: float
) -> None:
    """Note how an attempt went; unless the lease was lost meanwhile."""
    attempts = delivery.attempts + 1
    if ok:
        state, due = "delivered", now
    elif attempts < len(RETRY_DELAYS):
        state, due = "pending", now + RETRY_DELAYS[attempts] / clock
    else:
        state, due = "failed", now
    with store.transaction() as tx:
        tx.connection.execute(
            "UPDATE deliveries SET state = ?, due = ?, attempts = ?, leased_until = 0,"
            " last_attempt_at = ?, last_answer = ? WHERE id = ? AND leased_until = ?",
            (state, due, attempts, iso(now), answer, delivery.id, delivery.leased_until),
        )


def replay(tx: "Transaction", delivery: Delivery, *, as_new: bool) -> str:
    """Send a webhook again, under its own id or a new one; return the id."""
    if as_new:
        again = new_id("msg")
        tx.connection.execute(
            "INSERT INTO deliveries"
            " (id, type, resource_id, payment_id, url, happened_at, state, due)"
            " SELECT ?, type, resource_id, payment_id, url, happened_at, 'pending', ?"
            " FROM deliveries WHERE id = ?",
            (again, time.time(), delivery.id),
        )
        return again
    tx.connection.execute(
        "UPDATE deliveries SET state = 'pending', attempts = 0, due = ?, leased_until = 0"
        " WHERE id = ?",
        (time.time(), delivery.id),
    )
    return delivery.id


def get(tx: "Transaction", delivery_id: str) -> Delivery | None:
    """The delivery with a webhook id, or None."""
    row = tx.connection.execute("SELECT * FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    return _delivery(row) if row else None


def of_payment(tx: "Transaction", payment_id: str) -> list[Delivery]:
    """Every webhook about a payment, oldest first."""
    rows = tx.connection.execute(
        "SELECT * FROM deliveries WHERE payment_id = ? ORDER BY seq", (payment_id,)
    )
    return [_delivery(row) for row in rows]


def newest(tx: "Transaction", *, payment_id: str | None = None) -> list[Delivery]:
    """The newest hundred webhooks, all or those about one payment."""
    rows = tx.connection.execute(
        "SELECT * FROM deliveries WHERE ? IS NULL OR payment_id = ? ORDER BY seq DESC LIMIT 100",
        (payment_id, payment_id),
    )
    return [_delivery(row) for row in rows]


def _is_complete(tx: "Transaction", reorder: "Document") -> bool:
    """Whether enough is held back, or nothing more will be."""
    count = tx.connection.execute("SELECT count(*) FROM deliveries WHERE state = 'held'")
    return count.fetchone()[0] >= reorder["copies"] or reorder["times"] == 0


def _next_id(tx: "Transaction", now: float) -> str | None:
    row = tx.connection.execute(
        "SELECT id FROM deliveries WHERE state = 'pending' AND due <= ? AND leased_until <= ?"
        " ORDER BY due, seq LIMIT 1",
        (now, now),
    ).fetchone()
    return row["id"] if row else None


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(**dict(row))
