"""Checkpoints: a hash of each wallet's history, to be kept where the database's owner cannot write.

Whoever can write every table can make them agree again; a file written earlier still tells.
Each line of it is a JSON object: one for each wallet, then one over all of them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from sqlalchemy import Connection, select

from creditsapp.models import LedgerEntry
from creditsapp.services.transaction import snapshot
from creditsapp.services.verification import Problem

FORMAT = "credits-checkpoint-1"
_COLUMNS = LedgerEntry.__table__.columns
BATCH = 1000


class BrokenCheckpoint(ValueError):
    """The file is no checkpoint, or not as it was written."""


def write(stream: IO[str]) -> int:
    """Write a checkpoint of all wallets as they are now; return how many there are."""
    everything, wallets = hashlib.sha256(), 0
    with snapshot(at_length=True) as connection:
        for line in _lines(connection):
            everything.update(line.encode())
            stream.write(line + "\n")
            wallets += 1
    stream.write(_dump({"format": FORMAT, "wallets": wallets, "hash": everything.hexdigest()}))
    stream.write("\n")
    return wallets


def compare(stream: Iterable[str]) -> Iterator[Problem]:
    """What is no longer as a checkpoint has it; raise BrokenCheckpoint.

    Entries that came later are no problem; entries that are gone or other than they were are.
    """
    with snapshot(at_length=True) as connection:
        for kept in _read(stream):
            yield from _compare(connection, kept)


def _lines(connection: Connection) -> Iterator[str]:
    user_id, number, digest = None, 0, hashlib.sha256()
    for entry in _entries(connection):
        if entry.user_id != user_id:
            if user_id is not None:
                yield _line(user_id, number, digest.hexdigest())
            user_id, digest = entry.user_id, hashlib.sha256()
        number = entry.number
        digest.update(_canonical(entry))
    if user_id is not None:
        yield _line(user_id, number, digest.hexdigest())


def _entries(connection: Connection, *conditions: Any) -> Iterator[Any]:
    query = select(*_COLUMNS).where(*conditions).order_by(_COLUMNS.user_id, _COLUMNS.number)
    yield from connection.execute(query.execution_options(yield_per=BATCH))


def _canonical(entry: Any) -> bytes:
    """An entry as bytes, the same on every database."""
    values = [value.isoformat() if hasattr(value, "isoformat") else value for value in entry]
    return (json.dumps(values, default=str, sort_keys=True, separators=(",", ":")) + "\n").encode()


def _line(user_id: int, number: int, digest: str) -> str:
    return _dump({"userId": user_id, "number": number, "hash": digest})


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _read(stream: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The wallets of a checkpoint; what its last line says must fit all of them."""
    everything, wallets, last = hashlib.sha256(), 0, None
    for line in _text_lines(stream):
        try:
            found = json.loads(line)
            if "format" in found:
                last = found
                continue
            yield _kept(found)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise BrokenCheckpoint("This file is not a checkpoint.") from None
        everything.update(line.encode())
        wallets += 1
    expected = {"format": FORMAT, "wallets": wallets, "hash": everything.hexdigest()}
    if last != expected:
        raise BrokenCheckpoint("This checkpoint is not as it was written.")


def _text_lines(stream: Iterable[str]) -> Iterator[str]:
    try:
        for line in stream:
            yield line.rstrip("\n")
    except UnicodeDecodeError:
        raise BrokenCheckpoint("This file is not a checkpoint.") from None


def _kept(found: dict[str, Any]) -> dict[str, Any]:
    """What was kept of a wallet; raise ValueError or KeyError."""
    for name in ("userId", "number"):
        if type(found[name]) is not int or abs(found[name]) >= 2**63:
            raise ValueError(name)
    return {name: found[name] for name in ("userId", "number", "hash")}


def _compare(connection: Connection, kept: dict[str, Any]) -> Iterator[Problem]:
    digest, newest = hashlib.sha256(), 0
    upto = (_COLUMNS.user_id == kept["userId"], _COLUMNS.number <= kept["number"])
    for entry in _entries(connection, *upto):
        newest = entry.number
        digest.update(_canonical(entry))
    if newest < kept["number"]:
        gone = f"entries up to {kept['number']} were there at the checkpoint and are gone"
        yield Problem(kept["userId"], newest + 1, gone)
    elif digest.hexdigest() != kept["hash"]:
        yield Problem(kept["userId"], None, "its history is not what it was at the checkpoint")
