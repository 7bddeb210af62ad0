"""Comparing with Dodo: what webhooks missed is healed by what they would have done themselves.

Payments come first, so that refunds and disputes find theirs. What only we know of, and what no
event could explain, is left to a person.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from creditsapp.dodo.client import DodoClient
from creditsapp.dodo.errors import DodoFailed, NotKnown, RefundUnknown
from creditsapp.dodo.records import Kind
from creditsapp.extensions import db
from creditsapp.models import Payment, RefundRequest, WebhookEvent
from creditsapp.services import refunding
from creditsapp.services.facts import Unusable
from creditsapp.services.healing import (
    ANSWER_SECONDS,
    DISPUTE,
    DRY,
    HEALED,
    LEFT,
    REFUND,
    Finding,
    Healer,
    Reversal,
    Stored,
    ask,
    stored,
)
from creditsapp.services.order_list import NOT_OURS
from creditsapp.services.payments import UNKNOWN, Terms
from creditsapp.services.transaction import end_reads

MOST_REPEATED_PAGES = 5
MOST_FAILURES = 5  # of single things, one after the other

UNANNOUNCED = ("pending", "review")  # states of a refund that no webhook tells

Progress = Callable[[int, int], None]


@dataclass
class Comparison:
    """What was compared with Dodo, and found.

    `waiting` payments want a person anyway; `recorded` ones are no order's, and `unusable` webhooks
    could not be read: somebody should know of them.
    """

    payments: int = 0
    refunds: int = 0
    disputes: int = 0
    waiting: int = 0
    recorded: int = 0
    unusable: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to do."""
        return self.waiting == 0 and all(it.outcome == HEALED for it in self.findings)


def reconcile(
    dodo: DodoClient,
    terms: Terms,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
    tell: Callable[[Finding], None] = lambda finding: None,
    before_change: Callable[[], None] = lambda: None,
) -> Comparison:
    """Compare with all that Dodo has made `since`, and heal; raise DodoFailed when it goes away.

    `tell` hears of each finding at once, and `before_change` has returned before anything is
    changed. What was healed before a failure stays so, and a second run finds nothing to heal.
    """
    walk = _Walk(dodo, Healer(dodo, terms, dry_run, before_change), since, progress)
    steps = (
        walk.payments(),
        walk.reversals(REFUND),
        walk.reversals(DISPUTE),
        walk.unlisted_payments(),
        walk.unlisted_reversals(REFUND),
        walk.unlisted_reversals(DISPUTE),
        walk.unanswered(),
    )
    for step in steps:
        for finding in step:
            walk.comparison.findings.append(finding)
            tell(finding)
    walk.comparison.waiting = _count(select(func.count(Payment.id)).where(Payment.waits))
    walk.comparison.recorded = _count(select(func.count(Payment.id)).where(NOT_OURS))
    unusable = (WebhookEvent.status == "review") & WebhookEvent.last_error.is_not(None)
    walk.comparison.unusable = _count(select(func.count(WebhookEvent.id)).where(unusable))
    return walk.comparison


def _count(query: Select[Any]) -> int:
    return db.session.scalar(query) or 0


class _Walk:
    """One walk over Dodo's lists, and over what is on none of them."""

    def __init__(
        self, dodo: DodoClient, healer: Healer, since: datetime | None, progress: Progress
    ) -> None:
        self.dodo, self.healer, self.since, self.progress = dodo, healer, since, progress
        self.comparison = Comparison()
        self.listed: dict[Kind, set[str]] = {"payments": set(), "refunds": set(), "disputes": set()}
        self.failures = 0

    def payments(self) -> Iterator[Finding]:
        """The payments that Dodo lists."""
        for found_id, row, known, _at in self._rows("payments", "payment_id", Payment):
            yield from self._one("payment", found_id, self.healer.payment(found_id, row, known))

    def reversals(self, what: Reversal) -> Iterator[Finding]:
        """The refunds or disputes that Dodo lists."""
        for found_id, row, known, at in self._rows(what.listed, f"{what.name}_id", what.table):
            if known is not None or row.get("status") not in UNANNOUNCED:
                findings = self.healer.reversal(what, found_id, row, known, at)
                yield from self._one(what.name, found_id, findings)

    def unlisted_payments(self) -> Iterator[Finding]:
        """The payments that we know and no list has; Dodo is asked for each."""
        for known in self._rest("payments", Payment):
            yield from self._one("payment", known.id, self._unlisted_payment(known))

    def unlisted_reversals(self, what: Reversal) -> Iterator[Finding]:
        """The refunds or disputes that we know and no list has; Dodo is asked for each."""
        for known in self._rest(what.listed, what.table):
            yield from self._one(what.name, known.id, self._unlisted_reversal(what, known))

    def unanswered(self) -> Iterator[Finding]:
        """The refunds that operators asked for and got no answer."""
        for request in refunding.without_answer():
            yield from self._one("request", request.id, self._request(request))

    def _unlisted_payment(self, known: Payment) -> Iterator[Finding]:
        try:
            answer = ask(self.dodo.payment, known.id)
        except NotKnown:
            if known.status != UNKNOWN:  # else only a refund or dispute ever spoke of it
                yield Finding("payment", known.id, "extra", "Dodo does not know it", LEFT)
            return
        yield from self.healer.payment(known.id, answer.data, known)

    def _unlisted_reversal(self, what: Reversal, known: Any) -> Iterator[Finding]:
        try:
            answer = ask(what.ask(self.dodo), known.id)
        except NotKnown:
            if db.session.get_one(Payment, known.payment_id).status != UNKNOWN:
                yield Finding(what.name, known.id, "extra", "Dodo does not know it", LEFT)
            return
        yield from self.healer.reversal(what, known.id, answer.data, known, answer.at)

    def _request(self, request: RefundRequest) -> Iterator[Finding]:
        of = f"the refund asked for {request.payment_id}"
        if self.healer.dry_run:
            yield Finding("request", request.id, "mismatched", f"{of} has no answer", DRY)
            return
        self.healer.before_change()
        try:
            request = refunding.look_for(self.dodo, request)
        except RefundUnknown:
            yield Finding("request", request.id, "mismatched", f"{of} has no answer", LEFT)
            return
        if request.status == "taken":
            words, outcome = f"{of} was made: {request.refund_id}", HEALED
        else:
            words, outcome = f"{of} never arrived; ask again if it is still wanted", LEFT
        yield Finding("request", request.id, "mismatched", words, outcome)

    def _one(self, kind: str, found_id: str, findings: Iterator[Finding]) -> Iterator[Finding]:
        """What was found of one thing; that it cannot be read keeps no other from being healed."""
        try:
            yield from findings
            self.failures = 0
        except Unusable as reason:
            yield Finding(
                kind, found_id, "mismatched", f"Dodo's answer cannot be used: {reason}", LEFT
            )
        except DodoFailed as failure:
            self.failures += 1
            if self.failures > MOST_FAILURES:
                raise
            yield Finding(kind, found_id, "mismatched", f"Dodo failed: {failure.detail}", LEFT)

    def _rows(
        self, kind: Kind, name: str, table: type[Stored]
    ) -> Iterator[tuple[str, dict[str, Any], Stored | None, datetime]]:
        """The rows of a list with what is stored of each, to the first page that is empty.

        What is made meanwhile pushes rows on to the next page, so some come twice and none is lost.
        """
        seen, repeated, number = self.listed[kind], 0, 0
        while True:
            end_reads()
            deadline = time.monotonic() + ANSWER_SECONDS
            page = self.dodo.page(kind, number, since=self.since, deadline=deadline)
            if not page.rows:
                return
            rows = {_id(row, name): row for row in page.rows}
            known = stored(table, list(rows))
            fresh = [found_id for found_id in rows if found_id not in seen]
            repeated = 0 if fresh else repeated + 1
            if repeated > MOST_REPEATED_PAGES:
                raise DodoFailed(f"it gives the same page of {kind} again and again")
            for found_id in fresh:
                seen.add(found_id)
                setattr(self.comparison, kind, len(seen))
                yield found_id, rows[found_id], known.get(found_id), page.at
            self.progress(len(seen), len(seen) + len(rows))
            number += 1

    def _rest(self, kind: Kind, table: type[Stored]) -> Iterator[Stored]:
        """The stored rows of this time that were on no list."""
        query = select(table.id).order_by(table.created_at)
        if self.since is not None:
            query = query.where(table.created_at >= self.since)
        for found_id in db.session.scalars(query).all():
            if found_id not in self.listed[kind]:
                yield stored(table, [found_id])[found_id]


def _id(row: dict[str, Any], name: str) -> str:
    found_id = row.get(name)
    if not isinstance(found_id, str) or not 0 < len(found_id) <= 255 or not found_id.isprintable():
        raise DodoFailed(f"it lists something without a {name}")
    return found_id
