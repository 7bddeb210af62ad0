"""The periodic work: overdue holds, forgotten checkouts, webhooks that failed or wait, and Dodo.

Nothing is wrong without it; it only makes things right sooner. Several workers share it: each row
is taken by one of them, and each job's time stands in the database.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import update

from creditsapp.dodo.client import DodoClient
from creditsapp.models import PeriodicJob
from creditsapp.services import expiry, purchases, reconciliation, retrials
from creditsapp.services.payments import Terms
from creditsapp.services.reconciliation import Comparison, Finding
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, now, transaction

# How often Dodo is compared, and how far back: a dispute may come months after its payment.
COMPARISONS = (
    ("reconcile the last months", timedelta(days=1), timedelta(days=120)),
    ("reconcile the last days", timedelta(minutes=15), timedelta(days=2)),
)
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


def compare_recent(dodo: DodoClient, terms: Terms, tell: Tell) -> Comparison:
    """Compare the last days with Dodo."""
    _name, _every, back = COMPARISONS[-1]
    return reconciliation.reconcile(dodo, terms, since=now() - back, tell=tell)


def compare_if_due(dodo: DodoClient, terms: Terms, tell: Tell) -> Comparison | None:
    """Compare with Dodo what is due; None when nothing is, or another worker does it."""
    for name, every, back in COMPARISONS:
        if _claim(name, every):
            try:
                return reconciliation.reconcile(dodo, terms, since=now() - back, tell=tell)
            except Exception:
                _put_off(name, SOON)
                raise
    return None


@retried
def _claim(name: str, every: timedelta) -> bool:
    """Whether a job is due and nobody else has taken it; it is due again after so long."""
    with transaction() as session:
        at = now()
        insert_new(session, PeriodicJob, name=name, due_at=at)
        taken = session.execute(
            update(PeriodicJob)
            .where(PeriodicJob.name == name, PeriodicJob.due_at <= at)
            .values(due_at=at + every)
            .returning(PeriodicJob.name)
        )
        return taken.first() is not None


@retried
def _put_off(name: str, wait: timedelta) -> None:
    with transaction() as session:
        session.execute(
            update(PeriodicJob).where(PeriodicJob.name == name).values(due_at=now() + wait)
        )
