"""A circuit breaker: a Dodo that keeps failing is left alone for a while.

Ours, since of the libraries pybreaker holds its lock during the call, circuitbreaker and purgatory
let everybody through at once when the pause is over, and none pauses for a Retry-After.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from creditsapp.dodo.errors import DodoFailed, NotAsked, TooMany

log = logging.getLogger(__name__)

FAILURES = 5
PAUSE_SECONDS = 30.0
LONGEST_PAUSE = 300.0


@dataclass(frozen=True)
class State:
    """`open` until so many seconds are over, then the next call is a probe."""

    open: bool
    failures: int
    seconds: float


class Breaker:
    """Lets calls through, none while it is open, and then one at a time until one succeeds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        """How it stands now."""
        with self._lock:
            left = max((self._open_until or 0) - self._clock(), 0.0)
            return State(self._open_until is not None, self._failures, left)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one call; raise NotAsked instead of letting it through."""
        probe = self._enter()
        try:
            yield
        except DodoFailed as failure:
            self._note(probe, failure.alive, failure)
            raise
        else:
            self._note(probe, True)
        finally:
            if probe:
                with self._lock:
                    self._probing = False

    def _enter(self) -> bool:
        """Whether the call is a probe."""
        with self._lock:
            if self._open_until is None:
                return False
            if self._clock() < self._open_until or self._probing:
                raise NotAsked("it failed again and again just now, and is left alone for a while")
            self._probing = True
            return True

    def _note(self, probe: bool, alive: bool | None, failure: DodoFailed | None = None) -> None:
        with self._lock:
            if alive is None or (self._open_until is not None and not probe):
                return  # what was sent before it opened says nothing about now
            if alive:
                self._close()
            else:
                self._failures += 1
                wait = failure.passes_in if isinstance(failure, TooMany) else None
                if wait is not None or probe or self._failures >= FAILURES:
                    self._pause(PAUSE_SECONDS if wait is None else min(wait, LONGEST_PAUSE))

    def _close(self) -> None:
        if self._open_until is not None:
            log.warning("Dodo answers again")
        self._failures, self._open_until = 0, None

    def _pause(self, seconds: float) -> None:
        self._open_until = self._clock() + seconds
        log.error("Dodo is left alone for %.0f seconds", seconds)
