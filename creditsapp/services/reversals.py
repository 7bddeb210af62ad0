"""What Dodo says of refunds and disputes: the newest report of each is kept, then it is settled."""

from typing import Any, TypeVar

from sqlalchemy.orm import Session

from creditsapp.models import PaymentDispute, PaymentRefund
from creditsapp.services.facts import DisputeFacts, RefundFacts, Unusable
from creditsapp.services.parked import _take_up
from creditsapp.services.payments import (
    NOT_COMPARABLE,
    UNKNOWN,
    _close_if_refunded,
    _locked_payment,
)
from creditsapp.services.retrying import retried
from creditsapp.services.settlement import _settle
from creditsapp.services.transaction import insert_new, now, transaction

# Of two reports of one instant the later in this order counts: a final state before an open one,
# and among final ones that by which money is gone.
RANKS = (
    UNKNOWN,
    "pending",
    "review",
    "dispute_opened",
    "dispute_challenged",
    "failed",
    "dispute_cancelled",
    "dispute_won",
    "succeeded",
    "dispute_expired",
    "dispute_accepted",
    "dispute_lost",
)

News = TypeVar("News", PaymentRefund, PaymentDispute)


@retried
def learn_refund(facts: RefundFacts) -> str:
    """Apply what Dodo's API says about a refund, as its webhook would have been."""
    with transaction() as session:
        return _apply_refund(session, facts)


@retried
def learn_dispute(facts: DisputeFacts) -> str:
    """Apply what Dodo's API says about a dispute, as its webhook would have been."""
    with transaction() as session:
        return _apply_dispute(session, facts)


def _apply_refund(session: Session, facts: RefundFacts) -> str:
    """Write down a refund and settle its payment; return the webhook's answer."""
    known = ("status", "amount", "currency", "is_partial")
    return _apply_news(session, PaymentRefund, facts.refund_id, facts, known) or "refund_processed"


def _apply_dispute(session: Session, facts: DisputeFacts) -> str:
    """Write down a dispute and settle its payment; return the webhook's answer."""
    known = ("status", "stage", "amount", "currency")
    return (
        _apply_news(session, PaymentDispute, facts.dispute_id, facts, known) or "dispute_processed"
    )


def _apply_news(
    session: Session,
    table: type[News],
    row_id: str,
    facts: RefundFacts | DisputeFacts,
    known: tuple[str, ...],
) -> str | None:
    """Keep what is newer than what stands and settle; return why that has not ended, if so."""
    payment = _locked_payment(session, facts.payment_id)
    insert_new(
        session,
        table,
        id=row_id,
        payment_id=facts.payment_id,
        status=UNKNOWN,
        event_at=facts.event_at,
        created_at=now(),
    )
    row = session.get_one(table, row_id, populate_existing=True)
    if row.payment_id != payment.id:
        raise Unusable(f"{row_id} is known as being of another payment")
    changed = False
    if _is_news(row, facts):
        changed = any(getattr(row, name) != getattr(facts, name) for name in known)
        for name in (*known, "event_at"):
            setattr(row, name, getattr(facts, name))
        session.flush()
    if not _settle(session, payment):
        if changed:
            payment.review_reason, payment.decision = NOT_COMPARABLE, None
        return None if payment.decision else "review"
    _close_if_refunded(session, payment)
    _take_up(session, payment)
    return "parked" if payment.purchase_id is None else None


def _is_news(known: PaymentRefund | PaymentDispute, facts: RefundFacts | DisputeFacts) -> bool:
    """The newest event counts, and of several at one instant the one that ranks higher."""
    return known.status == UNKNOWN or _rank(facts) > _rank(known)


def _rank(report: PaymentRefund | PaymentDispute | RefundFacts | DisputeFacts) -> tuple[Any, ...]:
    """By time, then by state; then by amount, so that no order of arrival decides."""
    is_whole = getattr(report, "is_partial", None) is False
    amount = -1 if report.amount is None else report.amount
    return report.event_at, RANKS.index(report.status), is_whole, amount, report.currency or ""
