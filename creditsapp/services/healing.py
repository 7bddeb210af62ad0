"""Healing one thing that Dodo has and we do not, or not like this: as its webhook would have."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from sqlalchemy import or_, select

from creditsapp.dodo.answers import Answer
from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.records import Kind
from creditsapp.extensions import db
from creditsapp.models import Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.services import differences, events
from creditsapp.services.differences import Difference
from creditsapp.services.facts import dispute_facts, refund_facts
from creditsapp.services.payments import Terms
from creditsapp.services.transaction import end_reads

ANSWER_SECONDS = 30.0
SECOND = timedelta(seconds=1)

Outcome = Literal["healed", "left to you", "not healed: dry run"]
HEALED: Outcome = "healed"
LEFT: Outcome = "left to you"
DRY: Outcome = "not healed: dry run"

Stored = TypeVar("Stored", Payment, PaymentRefund, PaymentDispute)


@dataclass(frozen=True)
class Finding:
    """A difference, in words, and what came of it."""

    kind: str
    id: str
    difference: str
    words: str
    outcome: Outcome


@dataclass(frozen=True)
class Reversal:
    """What refunds and disputes differ in."""

    name: str
    listed: Kind
    table: Any
    ask: Callable[[DodoClient], Callable[..., Answer]]
    facts: Callable[[dict[str, Any], datetime], Any]
    difference: Callable[[Any, Any], Difference | None]
    learn: Callable[[Any], str]


REFUND = Reversal(
    "refund",
    "refunds",
    PaymentRefund,
    lambda dodo: dodo.refund,
    refund_facts,
    differences.of_refund,
    events.learn_refund,
)
DISPUTE = Reversal(
    "dispute",
    "disputes",
    PaymentDispute,
    lambda dodo: dodo.dispute,
    dispute_facts,
    differences.of_dispute,
    events.learn_dispute,
)


@dataclass(frozen=True)
class Healer:
    """Compares and heals, or in a dry run only compares; raises DodoFailed and Unusable."""

    dodo: DodoClient
    terms: Terms
    dry_run: bool
    before_change: Callable[[], None]

    def payment(
        self, payment_id: str, row: dict[str, Any], known: Payment | None
    ) -> Iterator[Finding]:
        """Heal a payment from all that Dodo says of it, since a list says too little."""
        difference = differences.of_payment(row, known)
        if difference is None and known is not None and _names_an_order_of_ours(row, known):
            difference = Difference(
                "mismatched", "here it came from no order, and at Dodo from one"
            )
        if difference is None:
            return
        if self.dry_run or not difference.healable:
            yield self._as_it_is("payment", payment_id, difference)
            return
        answer = ask(self.dodo.payment, payment_id)
        self.before_change()
        became = events.learn_payment(payment_id, answer.data, self.terms)
        now_known = stored(Payment, [payment_id])[payment_id]
        words, outcome = became.replace("_", " "), HEALED
        if now_known.waits:
            words, outcome = f"waits for a person: {now_known.review_reason}", LEFT
        elif _names_an_order_of_ours(row, now_known):
            words, outcome = f"{difference.words}, of which its own answer says nothing", LEFT
        yield Finding("payment", payment_id, difference.name, words, outcome)

    def reversal(
        self, what: Reversal, found_id: str, row: dict[str, Any], known: Any, at: datetime
    ) -> Iterator[Finding]:
        """Heal a refund or a dispute."""
        facts = what.facts(row | {f"{what.name}_id": found_id}, at)
        difference = what.difference(facts, known)
        if difference is None:
            return
        if self.dry_run:
            yield self._as_it_is(what.name, found_id, difference)
            return
        self.before_change()
        became, rest = self._learn(what, found_id, facts)
        if rest is not None:
            words, outcome = f"{rest.words}; a newer report stands here", LEFT
        else:
            words = f"{difference.words}: {became.replace('_', ' ')}"
            outcome = LEFT if became == "review" else HEALED
        yield Finding(what.name, found_id, difference.name, words, outcome)

    def _learn(self, what: Reversal, found_id: str, facts: Any) -> tuple[str, Difference | None]:
        """Apply a report; tell what became of it, and what is different still."""
        became = what.learn(facts)
        known = stored(what.table, [found_id])[found_id]
        if facts.event_at < known.event_at < facts.event_at + SECOND:
            # Dodo's clock is read to the second, and within this one an event came.
            time.sleep(SECOND.total_seconds())
            answer = ask(what.ask(self.dodo), found_id)
            facts = what.facts(answer.data | {f"{what.name}_id": found_id}, answer.at)
            became = what.learn(facts)
            known = stored(what.table, [found_id])[found_id]
        return became, what.difference(facts, known)

    def _as_it_is(self, kind: str, found_id: str, difference: Difference) -> Finding:
        outcome = DRY if difference.healable else LEFT
        return Finding(kind, found_id, difference.name, difference.words, outcome)


def _names_an_order_of_ours(row: dict[str, Any], known: Payment) -> bool:
    """Whether Dodo knows the order of a payment that came to us without any."""
    if known.purchase_id is not None or known.status != "succeeded":
        return False
    metadata = row.get("metadata")
    named = metadata.get("purchase_id") if isinstance(metadata, dict) else None
    session_id = row.get("checkout_session_id")
    ids = [Purchase.id == named] if isinstance(named, str) else []
    ids += [Purchase.checkout_session_id == session_id] if isinstance(session_id, str) else []
    return bool(ids) and db.session.scalar(select(Purchase.id).where(or_(*ids))) is not None


def ask(question: Callable[..., Answer], found_id: str) -> Answer:
    """Ask Dodo about one thing, without a connection to the database meanwhile."""
    end_reads()
    return question(found_id, deadline=time.monotonic() + ANSWER_SECONDS)


def stored(table: type[Stored], ids: list[str]) -> dict[str, Stored]:
    """What is stored of these, by id, as it stands now."""
    query = select(table).where(table.id.in_(ids)).execution_options(populate_existing=True)
    return {row.id: row for row in db.session.scalars(query)}
