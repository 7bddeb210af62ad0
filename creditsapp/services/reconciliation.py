"""Comparing with Dodo: what webhooks missed is healed by what they would have done themselves.

Payments come first, so that refunds and disputes find theirs. What only we know of, and what no
event could explain, is left to a person.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select

from creditsapp.dodo.answers import Answer, Page
from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.errors import DodoFailed, NotKnown, RefundUnknown
from creditsapp.dodo.records import Kind
from creditsapp.extensions import db
from creditsapp.models import Payment, PaymentDispute, PaymentRefund
from creditsapp.services import differences, payments, refunding, reversals
from creditsapp.services.differences import Difference
from creditsapp.services.facts import (
    DisputeFacts,
    RefundFacts,
    Unusable,
    dispute_facts,
    payment_facts,
    refund_facts,
)
from creditsapp.services.order_list import WAITS
from creditsapp.services.payments import Terms
from creditsapp.services.transaction import end_reads

ANSWER_SECONDS = 30.0
MOST_REPEATED_PAGES = 5
SECOND = timedelta(seconds=1)
UNANNOUNCED = ("pending", "review")  # states of a refund that no webhook tells

Progress = Callable[[int, int], None]
Stored = TypeVar("Stored", Payment, PaymentRefund, PaymentDispute)


@dataclass(frozen=True)
class Finding:
    """A difference and what came of it: healed, left to a person, or (dry) neither."""

    kind: str
    id: str
    difference: str
    words: str
    healed: bool = False
    left: bool = False


@dataclass
class Comparison:
    """What was compared with Dodo, and found; `waiting` payments want a person anyway."""

    payments: int = 0
    refunds: int = 0
    disputes: int = 0
    waiting: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to do."""
        return self.waiting == 0 and all(finding.healed for finding in self.findings)


@dataclass(frozen=True)
class Reversals:
    """What refunds and disputes differ in: their list, their table, who reads and keeps them."""

    name: str
    listed: Kind
    table: Any
    facts: Callable[[dict[str, Any], datetime], Any]
    difference: Callable[[Any, Any], Difference | None]
    learn: Callable[[Any], str]


REFUNDS = Reversals(
    "refund",
    "refunds",
    PaymentRefund,
    refund_facts,
    differences.of_refund,
    reversals.learn_refund,
)
DISPUTES = Reversals(
    "dispute",
    "disputes",
    PaymentDispute,
    dispute_facts,
    differences.of_dispute,
    reversals.learn_dispute,
)


def reconcile(
    dodo: DodoClient,
    terms: Terms,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
    tell: Callable[[Finding], None] = lambda finding: None,
) -> Comparison:
    """Compare with all that Dodo has made `since`, and heal; raise DodoFailed when it goes away.

    `tell` hears of each finding at once. What was healed before a failure stays so, and a second
    run finds nothing to heal.
    """
    walk = _Walk(dodo, terms, since, dry_run, progress)
    for step in (walk.payments, walk.refunds, walk.disputes, walk.unlisted, walk.unanswered):
        for finding in step():
            walk.comparison.findings.append(finding)
            tell(finding)
    query = select(func.count()).select_from(Payment).where(WAITS)
    walk.comparison.waiting = db.session.scalar(query) or 0
    return walk.comparison


class _Walk:
    """One walk over Dodo's lists."""

    def __init__(
        self,
        dodo: DodoClient,
        terms: Terms,
        since: datetime | None,
        dry_run: bool,
        progress: Progress,
    ) -> None:
        self.dodo, self.terms, self.since, self.dry_run = dodo, terms, since, dry_run
        self.progress = progress
        self.comparison = Comparison()
        self.listed: dict[Kind, set[str]] = {"payments": set(), "refunds": set(), "disputes": set()}

    def payments(self) -> Iterator[Finding]:
        """The payments that Dodo lists."""
        for row, known, _at in self._rows("payments", "payment_id", Payment):
            yield from self._payment(row["payment_id"], differences.of_payment(row, known))

    def refunds(self) -> Iterator[Finding]:
        """The refunds that Dodo lists."""
        yield from self._reversals(REFUNDS)

    def disputes(self) -> Iterator[Finding]:
        """The disputes that Dodo lists."""
        yield from self._reversals(DISPUTES)

    def _reversals(self, what: Reversals) -> Iterator[Finding]:
        for row, known, at in self._rows(what.listed, f"{what.name}_id", what.table):
            if known is not None or row.get("status") not in UNANNOUNCED:
                yield from self._reversal(what, row, known, at)

    def unlisted(self) -> Iterator[Finding]:
        """What is known here and was not on a list; Dodo is asked for each."""
        for payment in self._rest("payments", Payment):
            answer = self._asked(self.dodo.payment, payment.id)
            if answer is None:
                yield self._unknown("payment", payment.id)
            else:
                difference = differences.of_payment(answer.data, payment)
                yield from self._payment(payment.id, difference)
        for what in (REFUNDS, DISPUTES):
            for known in self._rest(what.listed, what.table):
                answer = self._asked(getattr(self.dodo, what.name), known.id)
                if answer is None:
                    yield self._unknown(what.name, known.id)
                else:
                    yield from self._reversal(what, answer.data, known, answer.at)

    def unanswered(self) -> Iterator[Finding]:
        """The refunds that operators asked for and got no answer."""
        for request in refunding.without_answer():
            of = f"the refund asked for {request.payment_id}"
            if self.dry_run:
                yield Finding("request", request.id, "mismatched", f"{of} has no answer")
                continue
            try:
                request = refunding.look_for(self.dodo, request)
            except RefundUnknown:
                yield Finding("request", request.id, "mismatched", f"{of} has no answer", left=True)
                continue
            if request.status == "taken":
                words = f"{of} was made: {request.refund_id}"
                yield Finding("request", request.id, "mismatched", words, healed=True)
            else:
                words = f"{of} never arrived; ask again if it is still wanted"
                yield Finding("request", request.id, "mismatched", words, left=True)

    def _payment(self, payment_id: str, difference: Difference | None) -> Iterator[Finding]:
        """Heal a payment from all that Dodo says of it, since a list says too little."""
        if difference is None:
            return
        if self.dry_run or not difference.healable:
            yield self._as_it_is("payment", payment_id, difference)
            return
        try:
            answer = self._ask(self.dodo.payment, payment_id)
            facts = payment_facts(answer.data | {"payment_id": payment_id})
            became = payments.learn_payment(facts, self.terms)
        except Unusable as reason:
            yield Finding("payment", payment_id, difference.name, str(reason), left=True)
            return
        words, left = became.replace("_", " "), became == "review"
        if left:
            words = f"waits for a person: {db.session.get_one(Payment, payment_id).review_reason}"
        yield Finding("payment", payment_id, difference.name, words, healed=not left, left=left)

    def _reversal(
        self, what: Reversals, row: dict[str, Any], known: Any, at: datetime
    ) -> Iterator[Finding]:
        """Heal a refund or dispute from what Dodo says of it."""
        found_id = row[f"{what.name}_id"]
        try:
            facts = what.facts(row, at)
            difference = what.difference(facts, known)
            if difference and self.dry_run:
                yield self._as_it_is(what.name, found_id, difference)
            elif difference:
                yield self._healed(what, found_id, difference, facts)
        except Unusable as reason:
            yield Finding(what.name, found_id, "mismatched", str(reason), left=True)

    def _healed(
        self, what: Reversals, found_id: str, was: Difference, facts: RefundFacts | DisputeFacts
    ) -> Finding:
        became = what.learn(facts)
        stored = _stored(what.table, [found_id])[found_id]
        if facts.event_at < stored.event_at < facts.event_at + SECOND:
            # Dodo's clock is read to the second, and within this one an event came.
            time.sleep(SECOND.total_seconds())
            answer = self._ask(getattr(self.dodo, what.name), found_id)
            facts = what.facts(answer.data, answer.at)
            became = what.learn(facts)
            stored = _stored(what.table, [found_id])[found_id]
        rest = what.difference(facts, stored)
        if rest is not None:
            words = f"{rest.words}; a newer report stands here"
            return Finding(what.name, found_id, was.name, words, left=True)
        left = became == "review"
        words = f"{was.words}: {became.replace('_', ' ')}"
        return Finding(what.name, found_id, was.name, words, healed=not left, left=left)

    def _as_it_is(self, kind: str, found_id: str, difference: Difference) -> Finding:
        left = not difference.healable
        return Finding(kind, found_id, difference.name, difference.words, left=left)

    def _unknown(self, kind: str, found_id: str) -> Finding:
        return Finding(kind, found_id, "extra", "Dodo does not know it", left=True)

    def _rows(
        self, kind: Kind, name: str, table: type[Stored]
    ) -> Iterator[tuple[dict[str, Any], Stored | None, datetime]]:
        """The rows of a list with what is stored of each, to the first page that is empty.

        What is made meanwhile pushes rows on to the next page, so some come twice and none is lost.
        """
        seen, repeated, number = self.listed[kind], 0, 0
        while (page := self._page(kind, number)).rows:
            ids = [_id(row, name) for row in page.rows]
            known = _stored(table, ids)
            fresh = [(found, row) for found, row in zip(ids, page.rows, strict=True)]
            fresh = [(found, row) for found, row in fresh if found not in seen]
            repeated = 0 if fresh else repeated + 1
            if repeated > MOST_REPEATED_PAGES:
                raise DodoFailed(f"it gives the same page of {kind} again and again")
            for found, row in fresh:
                seen.add(found)
                setattr(self.comparison, kind, len(seen))
                yield row, known.get(found), page.at
            self.progress(len(seen), len(seen) + len(page.rows))
            number += 1

    def _page(self, kind: Kind, number: int) -> Page:
        end_reads()
        deadline = time.monotonic() + ANSWER_SECONDS
        return self.dodo.page(kind, number, since=self.since, deadline=deadline)

    def _rest(self, kind: Kind, table: type[Stored]) -> Iterator[Stored]:
        """The stored rows of this time that were on no list."""
        query = select(table.id).order_by(table.created_at)
        if self.since is not None:
            query = query.where(table.created_at >= self.since)
        for found in db.session.scalars(query).all():
            if found not in self.listed[kind]:
                yield _stored(table, [found])[found]

    def _asked(self, question: Callable[..., Answer], found_id: str) -> Answer | None:
        try:
            return self._ask(question, found_id)
        except NotKnown:
            return None

    def _ask(self, question: Callable[..., Answer], found_id: str) -> Answer:
        end_reads()
        return question(found_id, deadline=time.monotonic() + ANSWER_SECONDS)


def _id(row: dict[str, Any], name: str) -> str:
    found = row.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= 255 or not found.isprintable():
        raise DodoFailed(f"it lists something without a {name}")
    return found


def _stored(table: type[Stored], ids: list[str]) -> dict[str, Stored]:
    query = select(table).where(table.id.in_(ids)).execution_options(populate_existing=True)
    return {row.id: row for row in db.session.scalars(query)}
