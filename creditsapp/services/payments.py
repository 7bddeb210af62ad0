"""What Dodo says of payments: written down, credited once, then settled.

Every event locks the payment's row first, so that two events of one payment cannot pass each other.
"""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from creditsapp.driver import Driver
from creditsapp.models import Payment, Purchase, Wallet
from creditsapp.models.types import LIMIT, NO_CREDITS, added, to_units
from creditsapp.services import mails
from creditsapp.services.customers import _remember_customer
from creditsapp.services.facts import PaymentFacts
from creditsapp.services.orders import ENDED, _follow, _heed_whole_refund, _review_order
from creditsapp.services.parked import _take_up
from creditsapp.services.posting import Movement, post_unguarded
from creditsapp.services.settlement import _settle
from creditsapp.services.transaction import insert_new, locked, now

UNKNOWN = "unknown"
NOT_OF_SUCCESS = "only a report that is not of its success names its order"
REJECTED_BEFORE = "it was rejected as no order's, and names one now"
NOT_COMPARABLE = "a refund in a currency that cannot be compared"


@dataclass(frozen=True)
class Terms:
    """What was sold: this product of Dodo's, a dollar apiece."""

    product_id: str


def _apply_payment(session: Session, facts: PaymentFacts, terms: Terms) -> str:
    """Write down a payment and credit its purchase, once; return the webhook's answer."""
    payment = _locked_payment(session, facts.payment_id)
    purchase = _locked_purchase(session, payment, facts)
    if payment.purchase_id is None and purchase is not None and payment.decision == "rejected":
        payment.decision, payment.review_reason = None, REJECTED_BEFORE
    _write_down(payment, purchase, facts)
    answer = _credit_once(session, payment, purchase, facts, terms)
    if not _settle(session, payment) and payment.decision is None:
        payment.review_reason = NOT_COMPARABLE
    _heed_whole_refund(session, payment)
    _take_up(session, payment)
    return "already_processed" if payment.decision == "refunded" else answer


def _credit_once(
    session: Session, payment: Payment, purchase: Purchase | None, facts: PaymentFacts, terms: Terms
) -> str:
    """Credit a payment that matches its order, if nobody has decided about it before."""
    if purchase is None or payment.status != "succeeded":
        if purchase is not None:
            _follow(purchase, payment.status)
        return "recorded"
    if payment.credited or payment.decision in ("approved", "rejected"):
        return "already_processed"
    if facts.status != "succeeded" or payment.review_reason == REJECTED_BEFORE:
        waits_already = payment.review_reason not in (None, REJECTED_BEFORE)
        payment.review_reason = payment.review_reason or NOT_OF_SUCCESS
        _review_order(purchase)
        return "recorded" if waits_already else "review"
    payment.review_reason = _objection(session, purchase, facts, terms)
    payment.decision = None
    if payment.review_reason is None:
        purchase.checkout_session_id = purchase.checkout_session_id or facts.session_id
        _credit(session, payment, purchase, purchase.credits)
        return "credits_added"
    _review_order(purchase)
    return "review"


def _locked_payment(session: Session, payment_id: str) -> Payment:
    at = now()
    insert_new(session, Payment, id=payment_id, status=UNKNOWN, created_at=at, updated_at=at)
    payment = locked(session, Payment, payment_id)
    assert payment is not None  # it was inserted, or stood
    return payment


def _locked_purchase(session: Session, payment: Payment, facts: PaymentFacts) -> Purchase | None:
    """The purchase that a payment is for: by its checkout session, else by its metadata."""
    candidates = [
        Purchase.id == payment.purchase_id if payment.purchase_id else None,
        Purchase.checkout_session_id == facts.session_id if facts.session_id else None,
        Purchase.id == facts.purchase_id if facts.purchase_id else None,
    ]
    for condition in candidates:
        if condition is not None:
            query = select(Purchase).where(condition).with_for_update()
            found = session.scalar(query.execution_options(populate_existing=True))
            if found is not None:
                return found
    return None


def _write_down(payment: Payment, purchase: Purchase | None, facts: PaymentFacts) -> None:
    """Keep what is known: what succeeded stays so, and ended is not processing again.

    The amounts of what succeeded are those of the body that was credited, against which its refunds
    are measured.
    """
    payment.business_id = payment.business_id or facts.business_id
    succeeded = payment.status == "succeeded"
    if not succeeded and not (
        payment.status in ENDED and facts.status not in (*ENDED, "succeeded")
    ):
        payment.status = facts.status
    if not succeeded or (facts.status == "succeeded" and not payment.credited):
        payment.checkout_session_id = facts.session_id
        payment.customer_id = facts.customer_id
        payment.currency, payment.total, payment.tax = facts.currency, facts.total, facts.tax
        payment.settlement_currency = facts.settlement_currency
        payment.settlement = facts.settlement
        payment.updated_at = now()
    if purchase is not None:
        payment.purchase_id = purchase.id


def _objection(
    session: Session, purchase: Purchase, facts: PaymentFacts, terms: Terms
) -> str | None:
    """Why a succeeded payment cannot be credited without a person, in words."""
    if facts.unusable:
        return facts.unusable
    if purchase.status == "paid":
        return "a second payment for a purchase that is paid"
    if purchase.status == "rejected" and _was_rejected(session, purchase):
        return "a payment for a purchase that was rejected"
    if facts.purchase_id is not None and facts.purchase_id != purchase.id:
        return "its metadata name another purchase"
    known_session = purchase.checkout_session_id
    if facts.session_id and known_session and facts.session_id != known_session:
        return "it comes from another checkout session"
    if facts.cart != ((terms.product_id, purchase.dollars),):
        return f"its cart is {_in_words(facts, terms)}, not {purchase.dollars} × our product"
    if facts.discounted:
        return "a discount was given"
    ours = _business(session)
    if ours and facts.business_id and facts.business_id != ours:
        return f"it is of another business ({facts.business_id}, and ours is {ours})"
    balance = session.scalar(select(Wallet.balance).filter_by(user_id=purchase.user_id))
    if added(purchase.credits, balance or Decimal(0)) > LIMIT:
        return "the wallet cannot keep that many credits"
    if facts.currency is None or facts.total is None:
        return "its amount or currency is missing"
    asked = 100 * purchase.dollars
    if facts.currency == "USD" and asked not in (facts.total, facts.total - (facts.tax or 0)):
        return f"{facts.total} cents with {facts.tax or 0} of tax were paid, not {asked}"
    return None


def _was_rejected(session: Session, purchase: Purchase) -> bool:
    """Whether a person has rejected a payment of this order."""
    rejected = (Payment.purchase_id == purchase.id, Payment.decision == "rejected")
    return session.scalar(select(Payment.id).where(*rejected).limit(1)) is not None


def _in_words(facts: PaymentFacts, terms: Terms) -> str:
    lines = facts.cart or ()
    named = [
        f"{quantity} × {'our product' if product == terms.product_id else product}"
        for product, quantity in lines
    ]
    return " and ".join(named)[:300] or "empty or not said"


def _business(session: Session) -> str | None:
    """Our business at Dodo: that of the newest payment that gave credits."""
    return session.scalar(
        select(Payment.business_id)
        .where(
            Payment.status == "succeeded",
            Payment.credited != NO_CREDITS,
            Payment.business_id.is_not(None),
        )
        .order_by(Payment.created_at.desc())
        .limit(1)
    )


def _credit(session: Session, payment: Payment, purchase: Purchase, amount: Decimal) -> None:
    """Mark the order paid and post credits for it, once a payment.

    Only a person credits an order twice: its first payment has the order's key, others their own.
    """
    at = now()
    first = purchase.paid_at is None
    if first:
        purchase.status, purchase.updated_at, purchase.paid_at = "paid", at, at
    payment.credited = amount
    session.flush()
    entry = post_unguarded(
        Driver.of(session),
        Movement(
            user_id=purchase.user_id,
            amount=amount,
            type="purchase",
            key=f"purchase:{purchase.id}" if first else f"payment:{payment.id}",
            description=f"Bought for ${purchase.dollars}",
            purchase_id=purchase.id,
            payment_id=payment.id,
        ),
    )
    mails._queue(
        session,
        purchase.user_id,
        "purchase",
        key=f"purchase:{payment.id}",
        credits=to_units(amount),
        balance=to_units(entry.balance_after),
        dollars=purchase.dollars,
        total=payment.total,
        currency=payment.currency,
        purchase_id=purchase.id,
    )
    if payment.customer_id:
        _remember_customer(session, purchase.user_id, payment.customer_id)
