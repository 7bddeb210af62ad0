"""What happens to webhooks on their way.

A dropped, delayed or reordered webhook is so from when it is planned. The other modes meet every
attempt that is sent meanwhile, later attempts and replays too.
"""

from creditsapp.sandbox import switches
from creditsapp.sandbox.store import Document, Store, Transaction

MODES = {
    "drop": "Lose it",
    "delay": "Send it later",
    "reorder": "Hold back, then send in reverse",
    "duplicate": "Send it several times",
    "corrupt": "Change the body after signing",
    "wrong_secret": "Sign with a wrong secret",  # nosec B105 # words on a button
    "stale": "Sign with a time an hour ago",
}

AT_SENDING = ("duplicate", "corrupt", "wrong_secret", "stale")
DELAY_SECONDS = 10

_KIND = "webhook_mode"


def switch_on(
    tx: Transaction,
    mode: str,
    *,
    times: int | None = None,
    seconds: float = DELAY_SECONDS,
    copies: int = 2,
    in_a_row: bool = False,
    clock: float = 1,
) -> Document:
    """Add a mode; `copies` is how often one is sent, or how many are reversed."""
    details = {
        "mode": mode,
        "seconds": seconds,
        "wait": seconds / clock,
        "copies": copies,
        "in_a_row": in_a_row,
    }
    return switches.switch_on(tx, _KIND, details, times=times)


def switched_on(tx: Transaction) -> list[Document]:
    """The modes that are on, oldest first."""
    return switches.switched_on(tx, _KIND)


def switch_off(tx: Transaction) -> None:
    """Switch all modes off."""
    switches.switch_off(tx, _KIND)


def take(tx: Transaction, *names: str) -> dict[str, Document]:
    """Those of some modes that are on, counted."""
    taken: dict[str, Document] = {}
    for mode in switched_on(tx):
        if mode["mode"] in names and mode["mode"] not in taken:
            switches.use(tx, mode)
            taken[mode["mode"]] = mode
    return taken


def take_at_sending(store: Store) -> dict[str, Document]:
    """The modes that an attempt meets, counted."""
    with store.reading() as tx:
        if not any(mode["mode"] in AT_SENDING for mode in switched_on(tx)):
            return {}
    with store.transaction() as tx:
        return take(tx, *AT_SENDING)
