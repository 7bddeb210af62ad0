"""One payment, refund or dispute as Dodo has it, beside what is known of it here."""

from dataclasses import dataclass
from typing import Any

from creditsapp.models import Payment, PaymentDispute, PaymentRefund
from creditsapp.services.facts import DisputeFacts, RefundFacts
from creditsapp.services.orders import ENDED
from creditsapp.services.payments import UNKNOWN

FINAL = ("succeeded", "failed")


@dataclass(frozen=True)
class Difference:
    """`missing` here, `extra` here, or `mismatched`; `healable` where an event may explain it."""

    name: str
    words: str
    healable: bool = True


def of_payment(row: dict[str, Any], known: Payment | None) -> Difference | None:
    """How a listed payment differs, if it does."""
    status = row.get("status")
    if known is None or known.status == UNKNOWN:
        return Difference("missing", f"at Dodo it is {status}")
    if known.status == status == "succeeded":
        return _of_amounts(row, known)
    if known.status == status or (known.status in ENDED and status not in (*ENDED, "succeeded")):
        return None
    words = f"here it is {known.status}, and at Dodo {status}"
    return Difference("mismatched", words, healable=known.status != "succeeded")


def _of_amounts(row: dict[str, Any], known: Payment) -> Difference | None:
    here = (known.total, known.currency)
    there = (row.get("total_amount"), row.get("currency"))
    if None in here or here == there:
        return None
    words = f"here {here[0]} {here[1]} were paid, and at Dodo {there[0]} {there[1]}"
    return Difference("mismatched", words, healable=False)


def of_refund(facts: RefundFacts, known: PaymentRefund | None) -> Difference | None:
    """How a refund differs, if it does; a list that lags behind what has ended does not count."""
    if known is not None and known.status in FINAL and facts.status not in FINAL:
        return None
    return _of_news(facts, known, ("status", "amount", "currency", "is_partial"))


def of_dispute(facts: DisputeFacts, known: PaymentDispute | None) -> Difference | None:
    """How a dispute differs, if it does."""
    return _of_news(facts, known, ("status", "stage", "amount", "currency"))


def _of_news(
    facts: RefundFacts | DisputeFacts,
    known: PaymentRefund | PaymentDispute | None,
    names: tuple[str, ...],
) -> Difference | None:
    if known is None:
        return Difference("missing", f"at Dodo it is {facts.status}")
    for name in names:
        here, there = getattr(known, name), getattr(facts, name)
        if there is not None and here != there:
            return Difference("mismatched", f"its {name} is {here} here, and {there} at Dodo")
    return None
