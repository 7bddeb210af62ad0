"""The faults that the API can have, kept in the store so that every process has them."""

from creditsapp.sandbox import switches
from creditsapp.sandbox.store import Document, Store, Transaction

FAULTS = {
    "rate_limit": "Too many requests (429)",
    "error": "Server error (500)",
    "slow": "A slow answer",
    "html": "A web page instead of JSON",
    "truncated": "Half an answer, then the connection closes",
    "disconnect": "No answer: nothing is done",
    "lose_answer": "No answer, but the work is done",
    "wrong_types": "Values of the wrong types",
    "bad_checkout_url": "A checkout address of somebody else",
}

DEFAULT_SECONDS = {"rate_limit": 1, "slow": 30}

_KIND = "fault"


def switch_on(
    tx: Transaction,
    fault: str,
    *,
    path: str | None = None,
    method: str | None = None,
    times: int | None = None,
    seconds: float = 0,
    status: int | None = None,
    url: str | None = None,
) -> Document:
    """Add a fault for requests whose path begins with `path`."""
    details = {
        "fault": fault,
        "path": path,
        "method": method,
        "seconds": seconds,
        "status": status,
        "url": url,
    }
    return switches.switch_on(tx, _KIND, details, times=times)


def switched_on(tx: Transaction) -> list[Document]:
    """The faults that are on, oldest first."""
    return switches.switched_on(tx, _KIND)


def switch_off(tx: Transaction) -> None:
    """Switch all faults off."""
    switches.switch_off(tx, _KIND)


def take(store: Store, method: str, path: str) -> Document | None:
    """The oldest fault that a request meets, counted; or None."""
    with store.reading() as tx:
        fault = _met(tx, method, path)
    if fault is None or fault["times"] is None:
        return fault
    # Looked up again with the lock, so that two requests do not meet the same last time.
    with store.transaction() as tx:
        fault = _met(tx, method, path)
        if fault is not None:
            switches.use(tx, fault)
    return fault


def _met(tx: Transaction, method: str, path: str) -> Document | None:
    for fault in switched_on(tx):
        if path.startswith(fault["path"] or "/") and fault["method"] in (None, method):
            return fault
    return None
