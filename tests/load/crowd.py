"""Clients who do one act after another, each time as somebody else, until they are stopped."""

import asyncio
import random
from collections import Counter, deque

from tests.load.people import Limited, Person, Refused

UNTIL_DONE = 120  # seconds for the acts that are under way at the end


class Crowd:
    """Some clients and more people, so that nobody does anything too often."""

    def __init__(self, ports, journal, weights, *, people, clients):
        self.people = deque(Person(number, ports, journal) for number in range(people))
        self.weights, self.clients = weights, clients
        self.done, self.refusals, self.limited = Counter(), [], 0
        self._stopping = False

    async def come_in(self):
        """Register everybody, four at a time: a password's hash takes a processor's while."""
        for start in range(0, len(self.people), 4):
            some = list(self.people)[start : start + 4]
            await asyncio.gather(*[person.register() for person in some])

    def begin(self):
        """Set all clients to work."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self.clients)]

    def stop(self):
        """Let each finish its act, and begin no other."""
        self._stopping = True

    async def end(self):
        """Wait until all have finished; return how many could not."""
        self.stop()
        done, unfinished = await asyncio.wait(self._tasks, timeout=UNTIL_DONE)
        for task in unfinished:
            task.cancel()
        for person in self.people:
            person.wire.close()
        await asyncio.gather(*unfinished, return_exceptions=True)
        await asyncio.gather(*done)
        return len(unfinished)

    async def _work(self):
        acts, weights = list(self.weights), list(self.weights.values())
        while not self._stopping:
            person = self.people.popleft()
            [act] = random.choices(acts, weights)
            person.turn = random.randrange(len(person.ports))  # as a balancer would have it
            try:
                await act(person)
                self.done[act.__name__] += 1
            except Limited:
                self.limited += 1
            except Refused as error:
                self.refusals.append(str(error))
            finally:
                self.people.append(person)
