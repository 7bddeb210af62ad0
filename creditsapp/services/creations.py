"""What users made: kept together with the charge for it, or not at all."""

import uuid

from sqlalchemy import func, select

from creditsapp.extensions import db
from creditsapp.metrics import counting
from creditsapp.models import Creation, LedgerEntry
from creditsapp.models.types import is_uuid
from creditsapp.services import holds
from creditsapp.services.errors import ServiceError
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction
from creditsapp.translation import gettext as _


class CreationNotFound(ServiceError):
    """The user has no creation with this id."""

    code = "not_found"
    status = 404


@retried
def keep(
    user_id: int,
    hold_id: str,
    *,
    operation: str,
    title: str,
    media_type: str,
    extension: str,
    content: bytes,
) -> tuple[Creation, LedgerEntry]:
    """Capture the hold and keep the work it paid for. Raise as `holds.capture` does."""
    with transaction() as session:
        entry = holds._capture(session, user_id, hold_id, description=title)
        creation = Creation(
            id=str(uuid.uuid4()),
            user_id=user_id,
            operation=operation,
            title=title,
            media_type=media_type,
            extension=extension,
            content=content,
            entry_number=entry.number,
            created_at=now(),
        )
        session.add(creation)
    counting.spent(entry)
    return creation, entry


def find(user_id: int, creation_id: str) -> Creation:
    """A user's own creation; raise CreationNotFound."""
    creation = None
    if is_uuid(creation_id):
        creation = db.session.scalar(
            select(Creation).where(Creation.id == creation_id, Creation.user_id == user_id)
        )
    if creation is None:
        raise CreationNotFound(_("There is no such creation."))
    return creation


def paid_by(user_id: int, entry_number: int) -> Creation:
    """The creation that an entry paid for; raise CreationNotFound."""
    creation = db.session.scalar(
        select(Creation).where(Creation.user_id == user_id, Creation.entry_number == entry_number)
    )
    if creation is None:
        raise CreationNotFound(_("There is no such creation."))
    return creation


def newest(
    user_id: int, *, limit: int, operation: str | None = None, before: int | None = None
) -> tuple[list[Creation], int | None]:
    """Creations without their bytes, newest first, and the entry's number to go on before, if any.

    Only those of an operation, and those paid for below the entry `before`, where they are given.
    """
    query = select(Creation).where(Creation.user_id == user_id)
    if operation is not None:
        query = query.where(Creation.operation == operation)
    if before is not None:
        query = query.where(Creation.entry_number < before)
    query = query.order_by(Creation.entry_number.desc()).limit(limit + 1)
    found = list(db.session.scalars(query))
    more = len(found) > limit
    return found[:limit], found[limit - 1].entry_number if more else None


def counts(user_id: int) -> dict[str, int]:
    """How many creations a user has of each operation."""
    query = (
        select(Creation.operation, func.count())
        .where(Creation.user_id == user_id)
        .group_by(Creation.operation)
    )
    return {operation: count for operation, count in db.session.execute(query)}
