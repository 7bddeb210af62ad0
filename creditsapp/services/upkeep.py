"""The periodic work: overdue holds, forgotten checkouts, webhooks that failed or wait, and Dodo.

Nothing is wrong without it; it only makes things right sooner. Several workers share it: each row
is taken by one of them, and each job's time stands in the database.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from creditsapp.dodo.client import DodoClient
from creditsapp.models import PeriodicJob
from creditsapp.services import (
    expiry,
    links,
    purchases,
    reconciliation,
    retrials,
    sessions,
    welcome,
)
from creditsapp.services.healing import Finding
from creditsapp.services.payments import Terms
from creditsapp.services.reconciliation import Comparison
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, now, transaction


@dataclass(frozen=True)
class Span:
    """A comparison with Dodo: of how far back, and how often."""

    name: str
    back: timedelta
    every: timedelta


RECENT = Span("reconcile the last days", timedelta(days=2), timedelta(minutes=15))
LONG = Span(
    "reconcile the last months", timedelta(days=120), timedelta(days=1)
)  # disputes are late
SOON = timedelta(minutes=1)

Tell = Callable[[Finding], None]


def sweeps(
    dodo: DodoClient, terms: Terms, *, everything: bool
) -> Iterator[tuple[str, Callable[[], int]]]:
    """The jobs that are always due, by what they count; `everything` waits for no next attempt."""
    yield "holds released", expiry.release_expired
    yield "checkouts expired", purchases.expire_forgotten

    def retry() -> int:
        if everything:
            retrials.make_due()
        return retrials.retry_due(dodo, terms)

    yield "webhooks applied", retry
    yield "ended sessions forgotten", sessions.forget_old
    yield "old links forgotten", links.forget_old
    yield "networks forgotten", welcome.forget_networks


def comparisons(
    dodo: DodoClient, terms: Terms, tell: Tell, *, everything: bool
) -> Iterator[Comparison]:
    """Compare with Dodo what is due and no other worker has taken; for `everything`, something."""
    for span in _taken(everything):
        try:
            yield reconciliation.reconcile(dodo, terms, since=now() - span.back, tell=tell)
        except Exception:
            _put_off(span, SOON)
            raise


def _taken(everything: bool) -> Iterator[Span]:
    if everything:
        yield LONG if _claim(LONG) else RECENT
    else:
        yield from (span for span in (RECENT, LONG) if _claim(span))


@retried
def _claim(span: Span) -> bool:
    """Whether a comparison is due and nobody else has taken it; it is due again after a while."""
    with transaction() as session:
        at = now()
        insert_new(session, PeriodicJob, name=span.name, due_at=at)
        taken = session.execute(
            update(PeriodicJob)
            .where(PeriodicJob.name == span.name, PeriodicJob.due_at <= at)
            .values(due_at=at + span.every)
            .returning(PeriodicJob.name)
        )
        return taken.first() is not None


@retried
def _put_off(span: Span, wait: timedelta) -> None:
    with transaction() as session:
        session.execute(
            update(PeriodicJob).where(PeriodicJob.name == span.name).values(due_at=now() + wait)
        )
