"""Grants that wait for a second operator: listed, approved once, or rejected."""

from collections.abc import Iterator

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.models import GrantRequest, LedgerEntry
from creditsapp.services import audit
from creditsapp.services.audit import Decision, person
from creditsapp.services.errors import IdempotencyConflict, NothingToDecide, ServiceError
from creditsapp.services.idempotency import by_key, conflict
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.retrying import retried_by_key
from creditsapp.services.transaction import now, streamed, transaction

APPROVE, REJECT = "credits approve-grant", "credits reject-grant"


class GrantNotFound(ServiceError):
    """No request has this id."""

    code = "not_found"
    status = 404


class OwnRequest(ServiceError):
    """Whoever asked for a grant does not decide about it."""

    code = "own_request"
    status = 403


@retried_by_key
def approve(request_id: int, decision: Decision) -> tuple[GrantRequest, LedgerEntry]:
    """Give what another operator asked for, once; return the request and its entry.

    Raise GrantNotFound, OwnRequest, NothingToDecide, or as `give`.
    """
    key = decision.stored_key
    try:
        with transaction() as session:
            request = _locked(session, request_id)
            movement = Movement(
                user_id=request.user_id,
                amount=request.amount,
                type=request.type,
                key=request.idempotency_key,
                description=request.reason,
                actor=decision.actor,
            )
            if _was_done(APPROVE, request, key):
                entry = by_key(request.user_id, request.idempotency_key)
                assert entry is not None  # a foreign key leads there
                return request, entry
            _check_open(request, decision)
            entry = post_unguarded(Driver.of(session), movement)
            _decide(session, request, decision, status="granted", entry_number=entry.number)
            details = {
                "amount": str(request.amount),
                "number": entry.number,
                "request": request.id,
                "requested_by": request.requested_by,
            }
            _note(session, APPROVE, request, decision, details, key)
            return request, entry
    except IntegrityError as error:
        raise conflict(error) from None


@retried_by_key
def reject(request_id: int, decision: Decision) -> GrantRequest:
    """Decide that what another operator asked for is not given; raise as `approve`."""
    key = decision.stored_key
    with transaction() as session:
        request = _locked(session, request_id)
        if not _was_done(REJECT, request, key):
            _check_open(request, decision)
            _decide(session, request, decision, status="rejected", entry_number=None)
            details = {"amount": str(request.amount), "request": request.id}
            _note(session, REJECT, request, decision, details, key)
        return request


def _locked(session: Session, request_id: int) -> GrantRequest:
    request = session.get(GrantRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise GrantNotFound(f"There is no request {request_id}.")
    return request


def _was_done(command: str, request: GrantRequest, key: str | None) -> bool:
    before = None if key is None else audit.done(command, f"user {request.user_id}", key)
    if before is not None and before.details["request"] != request.id:
        raise IdempotencyConflict("This key was used before, for something else.")
    return before is not None


def _check_open(request: GrantRequest, decision: Decision) -> None:
    if request.status != "waiting":
        raise NothingToDecide(f"This request was {request.status} by {request.decided_by}.")
    if state(request) == "expired":
        raise NothingToDecide("This request has expired; it has to be asked for again.")
    if person(decision.actor) == request.requested_by:
        raise OwnRequest(
            f"{request.requested_by} asked for this grant; another operator has to decide."
        )


def _decide(
    session: Session,
    request: GrantRequest,
    decision: Decision,
    *,
    status: str,
    entry_number: int | None,
) -> None:
    at, by = now(), person(decision.actor)
    decided = session.scalar(
        update(GrantRequest)
        .where(
            GrantRequest.id == request.id,
            GrantRequest.status == "waiting",
            GrantRequest.expires_at > at,
            GrantRequest.requested_by != by,
        )
        .values(status=status, decided_by=by, decided_at=at, entry_number=entry_number)
        .returning(GrantRequest.id)
    )
    if decided is None:
        raise NothingToDecide("This request cannot be decided any more.")


def _note(
    session: Session,
    command: str,
    request: GrantRequest,
    decision: Decision,
    details: dict[str, object],
    key: str | None,
) -> None:
    audit._record(
        session,
        actor=decision.actor,
        command=command,
        subject=f"user {request.user_id}",
        reason=decision.reason,
        details=details,
        key=key,
    )


def state(request: GrantRequest) -> str:
    """`waiting`, `granted`, `rejected`, or `expired` where nobody decided in time."""
    if request.status == "waiting" and request.expires_at <= now():
        return "expired"
    return request.status


def requests() -> Iterator[GrantRequest]:
    """All that was asked for, oldest first."""
    return (row[0] for row in streamed(select(GrantRequest).order_by(GrantRequest.id)))
