"""What operators give: at once, or where it is much, once a second operator agrees."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from creditsapp.formatting import number
from creditsapp.models import GrantRequest, LedgerEntry
from creditsapp.models.types import added, format_credits, signed_credits
from creditsapp.services import audit, wallets
from creditsapp.services.audit import Decision, person
from creditsapp.services.errors import IdempotencyConflict, ServiceError
from creditsapp.services.idempotency import by_key, conflict, same
from creditsapp.services.keys import caller_key
from creditsapp.services.ledger import _post_for_operator
from creditsapp.services.posting import Movement
from creditsapp.services.retrying import retried_by_key
from creditsapp.services.transaction import now, transaction

COUNTS_FOR = timedelta(hours=24)
LIFE = timedelta(days=7)
COMMANDS = {"bonus": "credits grant", "adjustment": "credits adjust"}


class SecondOperatorNeeded(ServiceError):
    """So much is not given on one operator's word."""

    code = "second_operator_needed"
    status = 403


def give(
    user_id: int, amount: Decimal, kind: str, decision: Decision, *, above: Decimal
) -> LedgerEntry | GrantRequest:
    """Post a `bonus` or an `adjustment`; above a threshold, only write down that it is asked for.

    What the operator gave this user alone in the last 24 hours counts as well, so that many small
    grants are no way around. A key that was used before gives what stands. Raise as `ledger.grant`.
    """
    movement = Movement(
        user_id=user_id,
        amount=signed_credits(amount),
        type=kind,
        key=caller_key(decision.key),
        description=decision.reason,
        actor=decision.actor,
    )
    return _give(movement, decision, above)


@retried_by_key
def _give(movement: Movement, decision: Decision, above: Decimal) -> LedgerEntry | GrantRequest:
    command = COMMANDS[movement.type]
    try:
        with transaction() as session:
            wallets._lock(session, movement.user_id)
            stands = _standing(session, movement)
            if stands is not None:
                return stands
            given = _given_alone(session, movement.user_id, decision)
            if movement.amount <= 0 or added(movement.amount, given) <= above:
                return _post_for_operator(session, command, movement)
            return _ask(session, command, movement, decision)
    except IntegrityError as error:
        raise conflict(error) from None


def _standing(session: Session, movement: Movement) -> LedgerEntry | GrantRequest | None:
    """What the key of a movement stands for."""
    entry = by_key(movement.user_id, movement.key)
    if entry is not None:
        return same(entry, movement)
    request = session.scalar(
        select(GrantRequest).where(
            GrantRequest.user_id == movement.user_id,
            GrantRequest.idempotency_key == movement.key,
        )
    )
    if request and (request.type, request.amount) != (movement.type, movement.amount):
        raise IdempotencyConflict("This key was used before, for something else.")
    return request


def _given_alone(session: Session, user_id: int, decision: Decision) -> Decimal:
    """What one operator gave a user lately without a second one."""
    approved = select(GrantRequest.idempotency_key).where(GrantRequest.user_id == user_id)
    rows = session.execute(
        select(LedgerEntry.actor, LedgerEntry.amount).where(
            LedgerEntry.user_id == user_id,
            LedgerEntry.created_at > now() - COUNTS_FOR,
            LedgerEntry.type.in_(COMMANDS),
            LedgerEntry.amount > Decimal(0),
            LedgerEntry.idempotency_key.not_in(approved),
        )
    )
    own = person(decision.actor)
    return added(*(amount for actor, amount in rows if actor and person(actor) == own))


def _ask(session: Session, command: str, movement: Movement, decision: Decision) -> GrantRequest:
    at = now()
    request = GrantRequest(
        user_id=movement.user_id,
        amount=movement.amount,
        type=movement.type,
        reason=movement.description,
        idempotency_key=movement.key,
        status="waiting",
        requested_by=person(decision.actor),
        created_at=at,
        expires_at=at + LIFE,
    )
    session.add(request)
    session.flush()
    audit._record(
        session,
        actor=decision.actor,
        command=command,
        subject=f"user {movement.user_id}",
        reason=decision.reason,
        details={"amount": str(movement.amount), "request": request.id},
        key=movement.key,
    )
    return request


def check_alone(credits: Decimal, above: Decimal) -> None:
    """Raise SecondOperatorNeeded for more than one operator may give where nothing proves it."""
    if credits > above:
        raise SecondOperatorNeeded(
            f"Nothing shows that {format_credits(credits)} were paid for, and one operator gives at"
            f" most {number(above)}. Use `flask credits grant`, which asks a second one."
        )
