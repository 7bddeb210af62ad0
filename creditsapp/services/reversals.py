"""What Dodo says of refunds and disputes: the newest report of each is kept, then it is settled."""

from typing import Any, TypeVar

from sqlalchemy.orm import Session

from creditsapp.models import Payment, PaymentDispute, PaymentRefund
from creditsapp.services.facts import DisputeFacts, RefundFacts, Unusable
from creditsapp.services.orders import _heed_whole_refund
from creditsapp.services.parked import _take_up
from creditsapp.services.payments import NOT_COMPARABLE, UNKNOWN, _locked_payment
from creditsapp.services.settlement import _settle, is_countable
from creditsapp.services.transaction import insert_new, now

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


def _apply_refund(session: Session, facts: RefundFacts) -> str:
    """Write down a refund and settle its payment; return the webhook's answer."""
    names = ("status", "amount", "currency", "is_partial")
    payment, refund, changed = _keep_news(session, PaymentRefund, facts.refund_id, facts, names)
    comparable = _settle(session, payment, "refund")
    counts = comparable or refund.status != "succeeded" or is_countable(payment, refund)
    if changed and not counts:
        payment.review_reason, payment.decision = NOT_COMPARABLE, None
    elif comparable and payment.waits and payment.review_reason == NOT_COMPARABLE:
        payment.review_reason = None
    _heed_whole_refund(session, payment)
    _take_up(session, payment)
    if payment.waits and not counts:
        return "review"
    return "parked" if payment.purchase_id is None else "refund_processed"


def _apply_dispute(session: Session, facts: DisputeFacts) -> str:
    """Write down a dispute and settle its payment; return the webhook's answer."""
    names = ("status", "stage", "amount", "currency")
    payment, _dispute, _changed = _keep_news(
        session, PaymentDispute, facts.dispute_id, facts, names
    )
    _settle(session, payment, "dispute")
    _take_up(session, payment)
    return "parked" if payment.purchase_id is None else "dispute_processed"


def _keep_news(
    session: Session,
    table: type[News],
    row_id: str,
    facts: RefundFacts | DisputeFacts,
    names: tuple[str, ...],
) -> tuple[Payment, News, bool]:
    """Keep what is newer than what stands; tell whether anything changed by it.

    What the newest report does not say is known from an older one, whichever came first.
    """
    known = session.get(table, row_id)
    if known is not None and known.payment_id != facts.payment_id:
        raise Unusable(f"{row_id} is known as being of another payment")
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
    is_news, changed = _is_news(row, facts), False
    for name in names:
        said, stands = getattr(facts, name), getattr(row, name)
        if said is not None and said != stands and (is_news or stands is None):
            setattr(row, name, said)
            changed = True
    row.event_at = max(row.event_at, facts.event_at)
    session.flush()
    return payment, row, changed


def _is_news(known: PaymentRefund | PaymentDispute, facts: RefundFacts | DisputeFacts) -> bool:
    """The newest event counts, and of several at one instant the one that ranks higher."""
    return known.status == UNKNOWN or _rank(facts) > _rank(known)


def _rank(report: PaymentRefund | PaymentDispute | RefundFacts | DisputeFacts) -> tuple[Any, ...]:
    """By time, then by state; then by amount, so that no order of arrival decides."""
    is_whole = getattr(report, "is_partial", None) is False
    amount = -1 if report.amount is None else report.amount
    return report.event_at, RANKS.index(report.status), is_whole, amount, report.currency or ""
