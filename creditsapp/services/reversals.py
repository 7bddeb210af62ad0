"""What Dodo says of refunds and disputes: the newest report of each is kept, then it is settled."""

from typing import TypeVar

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
    payment, refund = _locked_report(session, PaymentRefund, facts.refund_id, facts)
    before = (refund.status, *_size(refund))
    if _is_news(refund, facts):
        refund.status, refund.event_at = facts.status, facts.event_at
    if _says_newer_amount(refund, facts):
        refund.amount, refund.currency = facts.amount, facts.currency
        refund.is_partial = facts.is_partial
        refund.amount_at, refund.amount_status = facts.event_at, facts.status
    session.flush()
    changed = before != (refund.status, *_size(refund))
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
    payment, dispute = _locked_report(session, PaymentDispute, facts.dispute_id, facts)
    if _is_news(dispute, facts):
        dispute.status, dispute.event_at = facts.status, facts.event_at
        dispute.stage = facts.stage or dispute.stage
        dispute.currency = facts.currency or dispute.currency
        dispute.amount = dispute.amount if facts.amount is None else facts.amount
    session.flush()
    _settle(session, payment, "dispute")
    _take_up(session, payment)
    return "parked" if payment.purchase_id is None else "dispute_processed"


def _locked_report(
    session: Session, table: type[News], row_id: str, facts: RefundFacts | DisputeFacts
) -> tuple[Payment, News]:
    """The payment, locked, and what is known of its refund or dispute."""
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
    return payment, row


def _is_news(row: News, facts: RefundFacts | DisputeFacts) -> bool:
    """The newest state counts, and of several at one instant the one that ranks higher."""
    stands = (row.event_at, RANKS.index(row.status))
    return row.status == UNKNOWN or (facts.event_at, RANKS.index(facts.status)) > stands


def _says_newer_amount(refund: PaymentRefund, facts: RefundFacts) -> bool:
    """The newest amount that was said counts; of one instant, that of the state that ranks higher.

    A newer report that says none leaves it as it was, so that no order of arrival decides.
    """
    if facts.amount is None and facts.is_partial is not False:
        return False
    if refund.amount_at is None or refund.amount_status is None:
        return True
    stands = (refund.amount_at, RANKS.index(refund.amount_status), *_size(refund))
    return (facts.event_at, RANKS.index(facts.status), *_size(facts)) > stands


def _size(report: PaymentRefund | RefundFacts) -> tuple[bool, int, str]:
    amount = -1 if report.amount is None else report.amount
    return report.is_partial is False, amount, report.currency or ""
