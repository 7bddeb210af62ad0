"""A database is lost while it is at work, and comes back from what was kept of it."""

import time

from sqlalchemy import func, select

from creditsapp.extensions import db
from creditsapp.models import LedgerEntry, Payment, Wallet
from creditsapp.services import holds, ledger
from tests.builders import make_user
from tests.forks import coming_again, fork, let_go


class Spenders:
    """Processes that spend and hold, each from a wallet of its own, until they are stopped."""

    def __init__(self, app, size):
        self.app, self.stopped = app, fork.Event()
        with app.app_context():
            self.users = [make_user(10**6) for _ in range(size)]
        let_go(app)
        self.acknowledged = {user: fork.Value("q", 1) for user in self.users}
        self.processes = [fork.Process(target=self._work, args=(user,)) for user in self.users]

    def __enter__(self):
        for process in self.processes:
            process.start()
        return self

    def __exit__(self, *_error):
        self.stopped.set()
        for process in self.processes:
            process.join(60)

    def counts(self):
        """The number of each wallet's newest entry that was acknowledged."""
        return {user: value.value for user, value in self.acknowledged.items()}

    def go_on(self, entries=5):
        """Wait until each has some more entries."""
        goal = {user: number + entries for user, number in self.counts().items()}
        deadline = time.monotonic() + 60
        while any(self.counts()[user] < number for user, number in goal.items()):
            assert time.monotonic() < deadline, "nothing is spent"
            time.sleep(0.01)

    def _work(self, user):
        with self.app.app_context():
            while not self.stopped.is_set():
                coming_again(holds.hold, user, 2, operation="test")  # left open, as by a crash
                held = coming_again(holds.hold, user, 2, operation="test")
                self._note(user, coming_again(holds.capture, user, held.id, 1))
                self._note(user, coming_again(ledger.spend, user, 1, operation="test"))

    def _note(self, user, entry):
        self.acknowledged[user].value = entry.number


def bank():
    """What all wallets hold, what all entries come to, and twice what was sold."""
    sold = LedgerEntry.type == "purchase"
    return tuple(
        db.session.scalar(select(func.sum(column)).where(condition)) or 0
        for column, condition in (
            (Wallet.balance, True),
            (LedgerEntry.amount, True),
            (LedgerEntry.amount, sold),
            (Payment.credited, True),
        )
    )
