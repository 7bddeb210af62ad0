"""The memory of when the ledger was proven last, and of what came of it."""

from creditsapp.models import Proof
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import now, transaction
from creditsapp.services.verification import Report


@retried
def keep(report: Report) -> None:
    """Write down what a proof that is over came to."""
    with transaction() as session:
        session.add(
            Proof(
                finished_at=now(),
                wallets=report.wallets,
                entries=report.entries,
                problems=len(report.problems),
            )
        )
