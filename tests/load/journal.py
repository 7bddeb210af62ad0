"""What was answered, when, and what was acknowledged: the one memory that outlives every crash."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Acknowledged:
    """A write that a server said it has done."""

    kind: str
    user: int
    key: str
    amount: int  # what the balance moved by; 0 where nothing was to be posted
    asked: float  # when it was sent for the last time
    at: float
    port: int


@dataclass(frozen=True)
class Answered:
    """One answer, or `lost` or `hung` in place of its status."""

    kind: str
    port: int
    status: int | str
    seconds: float
    at: float
    error: str = ""


@dataclass
class Journal:
    """All of it, in order of time."""

    answers: list[Answered] = field(default_factory=list)
    writes: list[Acknowledged] = field(default_factory=list)

    def answered(self, kind, port, status, began, error=""):
        at = time.monotonic()
        self.answers.append(Answered(kind, port, status, at - began, at, error))

    def acknowledged(self, kind, user, key, amount, asked, port):
        at = time.monotonic()
        self.writes.append(Acknowledged(kind, user, key, amount, asked, at, port))

    def statuses(self):
        """How often each status was answered, with the code of an error."""
        asked = [a for a in self.answers if a.kind != "readyz"]
        return Counter(" ".join(filter(None, (str(a.status), a.error))) for a in asked)

    def latencies(self):
        """For each kind, the seconds of its answers that were no refusals, sorted."""
        seconds = defaultdict(list)
        for answer in self.answers:
            if isinstance(answer.status, int) and answer.status < 400:
                seconds[answer.kind].append(answer.seconds)
        return {kind: sorted(found) for kind, found in sorted(seconds.items())}


def percentile(ordered, share):
    """The value that a share of a sorted list does not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
