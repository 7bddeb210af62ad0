"""What is switched on, for a number of times or until it is switched off again."""

from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Transaction


def switch_on(tx: Transaction, kind: str, details: Document, *, times: int | None) -> Document:
    """Add a switch of a kind."""
    document = {"id": new_id(kind), **details, "times": times}
    tx.add(kind, document["id"], document)
    return document


def switched_on(tx: Transaction, kind: str) -> list[Document]:
    """The switches of a kind, oldest first."""
    return tx.find(kind, page_size=100)[::-1]


def use(tx: Transaction, switch: Document) -> None:
    """Count one use; the last one switches it off."""
    if switch["times"] is None:
        return
    switch["times"] -= 1
    if switch["times"]:
        tx.save(switch["id"], switch)
    else:
        tx.delete(switch["id"])


def switch_off(tx: Transaction, kind: str) -> None:
    """Switch everything of a kind off."""
    for switch in switched_on(tx, kind):
        tx.delete(switch["id"])
