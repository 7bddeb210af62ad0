"""Processes that work through streams of acts, and write down what was answered to them.

A line is in the file before the next act begins, so whoever is killed leaves the number of acts
that were acknowledged; who takes over repeats the one that may have been under way.
"""

import gc
import os
import signal
import time

from sqlalchemy.exc import OperationalError

from creditsapp.extensions import db
from creditsapp.services import history, ledger, verification
from tests.builders import make_user
from tests.crashes.acts import told
from tests.crashes.children import answer_of
from tests.crashes.stream import Stream
from tests.forks import fork, let_go

PASSING = ("TryAgainLater", "OutcomeUnknown")


class Team:
    """Some workers, each with a wallet, a stream and a file of its own."""

    def __init__(self, app, folder, seed, size):
        self.app, self.folder, self.seed, self.processes = app, folder, seed, []
        with app.app_context():
            self.streams = {user: Stream(seed, user) for user in map(make_user, [0] * size)}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for process in self.processes:  # of a test that failed
            process.kill()

    def begin(self, acts=None):
        """Set all to work: for a number of acts, or until they are stopped or killed."""
        let_go(self.app)
        self.stopped = fork.Event()
        self.processes = [
            fork.Process(target=self._work, args=(user, acts)) for user in self.streams
        ]
        for process in self.processes:
            process.start()

    def kill(self):
        """SIGKILL all at once."""
        for process in self.processes:
            os.kill(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.join(60)
            assert process.exitcode == -signal.SIGKILL, "a worker failed before it was killed"

    def finish(self):
        """Wait for those who work for a number of acts."""
        for process in self.processes:
            process.join(60)
            assert process.exitcode == 0

    def stop(self):
        """Let each end its act."""
        self.stopped.set()
        self.finish()

    def wait_for_more(self):
        """Wait until each has done something more than is known."""
        self._known()
        deadline = time.monotonic() + 60
        for user, stream in self.streams.items():
            while self._acknowledged(user) == stream.number:
                assert time.monotonic() < deadline, f"seed {self.seed}: nothing is done"
                time.sleep(0.002)

    def check(self):
        """Every act that was acknowledged is there, and of the next one all or nothing."""
        for user, stream in self._known():
            found = self._found(user)
            if found != expected(stream.model):
                assert found == expected(self._stream(user, stream.number + 1).model), self.seed
        self._verify()

    def check_all(self):
        """Nothing is under way: every entry of every wallet is what the model says."""
        for user, stream in self._known():
            with self.app.app_context():
                entries = [told(entry) for entry in history.oldest(user, after=0, limit=10**6)]
            assert entries == stream.model.entries, self.seed
            assert self._found(user) == expected(stream.model), self.seed
        self._verify()

    @property
    def acts(self):
        """How many acts were acknowledged."""
        return sum(map(self._acknowledged, self.streams))

    def _known(self):
        """The streams, as far as their acts were acknowledged."""
        for user, stream in self.streams.items():
            while stream.number < self._acknowledged(user):
                stream.next()
        return self.streams.items()

    def _acknowledged(self, user):
        """How many acts were answered, all as the model says."""
        lines = self._file(user).read_text().splitlines()
        assert set(lines) <= {"right"}, (self.seed, lines)
        return len(lines)

    def _found(self, user):
        with self.app.app_context():
            found = ledger.balance(user)
            newest, _ = ledger.history(user, limit=1)
            return found.version, found.balance, found.available, [told(entry) for entry in newest]

    def _verify(self):
        with self.app.app_context():
            assert verification.verify().problems == [], self.seed

    def _stream(self, user, number):
        stream = Stream(self.seed, user)
        while stream.number < number:
            stream.next()
        return stream

    def _work(self, user, acts):
        gc.disable()
        done = self._acknowledged(user)
        stream = self._stream(user, done)
        with self.app.app_context(), self._file(user).open("ab", buffering=0) as file:
            while not self.stopped.is_set() and (acts is None or stream.number < done + acts):
                call, right = stream.next()
                answer = persistently(call)
                file.write(b"right\n" if answer == right else f"{answer} not {right}\n".encode())
                db.session.remove()

    def _file(self, user):
        path = self.folder / f"acknowledged-{user}"
        path.touch()
        return path


def expected(model):
    """What a wallet shows, by its model."""
    return len(model.entries), model.balance, model.available, model.entries[-1:]


def persistently(call):
    """An act's answer, once the database takes the act."""
    while True:
        try:
            answer = answer_of(call)
            if answer not in PASSING:
                return answer
        except OperationalError:  # there is no database now
            pass
        db.session.remove()
        time.sleep(0.02)
