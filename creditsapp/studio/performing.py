"""One paid operation, from raw input to a kept creation, for the form and the JSON interface."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_login import current_user

from creditsapp import limits
from creditsapp.charging import AlreadyCharged, charge, prices
from creditsapp.models import Creation, LedgerEntry
from creditsapp.services import creations, holds, ledger
from creditsapp.studio.operation import InvalidInput, Operation, TextField
from creditsapp.translation import gettext as _

Raw = Mapping[str, str | bytes]
LONGEST = 500
OUTSIDE = ("csrf_token", "idempotency_key")


@dataclass(frozen=True)
class Performance:
    """What was made and what it cost; `replayed` when it was made at an earlier call."""

    creation: Creation
    entry: LedgerEntry
    replayed: bool


def perform(operation: Operation, raw: Raw, *, key: str | None) -> Performance:
    """Do the work for the signed-in user and charge for it.

    Input is refused before anything is held. Raise TooManyRequests, InvalidInput, or as `charge`.
    """
    limits.operation()
    values = operation.read(raw)
    price = prices().price(operation.name)
    try:
        with charge(
            current_user.id,
            operation.name,
            quantity=operation.quantity(values) if price.per else None,
            description=_typed(operation, values),
            key=key,
            fingerprint=_fingerprint(operation, raw),
        ) as work:
            result = operation.run(**values)
            creation, work.entry = creations.keep(
                work.user_id,
                work.hold_id,
                operation=operation.name,
                title=result.title,
                media_type=result.media_type,
                extension=result.extension,
                content=result.content,
            )
    except AlreadyCharged as done:
        return _earlier(done)
    return Performance(creation, work.entry, replayed=False)


def _typed(operation: Operation, values: Mapping[str, Any]) -> str:
    """The text that was typed first, cut with "…" where it is too long to keep."""
    typed = [values[field.name] for field in operation.fields if isinstance(field, TextField)]
    text = next((text for text in typed if text), "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def typed_before(operation: Operation, entry: LedgerEntry) -> dict[str, str]:
    """What was typed for a charge, where that is sure."""
    fields = [field.name for field in operation.fields if isinstance(field, TextField)]
    if len(fields) != 1 or entry.hold_id is None:
        return {}
    text = holds.find(entry.user_id, entry.hold_id).description
    return {} if text.endswith("…") else {fields[0]: text}


def _earlier(done: AlreadyCharged) -> Performance:
    user_id, number = done.hold.user_id, done.hold.entry_number or 0
    return Performance(
        creations.paid_by(user_id, number), ledger.entry(user_id, number), replayed=True
    )


def _fingerprint(operation: Operation, raw: Raw) -> str:
    digest = hashlib.sha256(operation.name.encode())
    for name in sorted(raw):
        value = raw[name]
        part = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        digest.update(f"\n{name} {type(value).__name__} {len(part)}\n".encode() + part)
    return digest.hexdigest()


def submitted() -> dict[str, str | bytes]:
    """The fields and files of a submitted form; a file that was not chosen is left out.

    Raise InvalidInput for what is there twice.
    """
    names = [*request.form.keys(), *request.files.keys()]
    twice = {
        name: _("This is there twice.")
        for name in names
        if len(request.form.getlist(name)) + len(request.files.getlist(name)) > 1
    }
    if twice:
        raise InvalidInput(twice)
    raw: dict[str, str | bytes] = {
        name: value for name, value in request.form.items() if name not in OUTSIDE
    }
    for name, upload in request.files.items():
        content = upload.read()
        if content or upload.filename:
            raw[name] = content
    return raw
