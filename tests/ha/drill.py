"""One fault after another under load, each with what the clients saw of it."""

import asyncio
import time
from dataclasses import dataclass

from tests.ha.faults import struck
from tests.load.wire import Lost, Wire

SETTLED = 1.0  # a pause that load alone may make
AWAY = 5.0  # a pause that everybody has to have been told of
PATIENCE = 90.0


@dataclass(frozen=True)
class Row:
    """What a fault came to, in seconds."""

    fault: str
    limit: float
    back: float
    gap: float
    healthy: float
    slowest: float
    unavailable: int  # answers of 503
    lost: int  # answers that never came, of a server that was killed
    not_ready: float | None  # from the fault to the first /readyz that said so
    acknowledged: int

    @property
    def right(self):
        told = self.not_ready is not None or self.gap < AWAY or "app server" in self.fault
        return self.back <= self.limit and told


async def drill(fault, scene, journal):
    """Let a fault happen, wait until writes are back, mend it, and wait until all is well."""
    await _until_writing(scene, journal, time.monotonic(), each=True)
    at, mend = await asyncio.to_thread(struck, fault, scene)
    await asyncio.sleep(max(0.0, at + fault.lasts - time.monotonic()))
    since = at
    if fault.needs_mending:
        since = time.monotonic()
        await asyncio.to_thread(mend)
        mend = None
    await _until_writing(scene, journal, since, each=fault.servers_alone)
    mended = time.monotonic()
    if mend:
        await asyncio.to_thread(mend)
    await asyncio.to_thread(scene.cluster.wait_until_healthy)
    healthy = time.monotonic() - mended
    await asyncio.sleep(2)
    return _row(fault, scene, journal, at, since, healthy)


async def _until_writing(scene, journal, since, *, each):
    """Wait until something was written in the last second: by each server, or by any."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        recent = {w.port for w in journal.writes[-200:] if w.asked > time.monotonic() - SETTLED}
        recent = {w.port for w in journal.writes[-200:] if w.asked > since} & recent
        if len(recent) >= (len(scene.apps) if each else 1):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"nothing was written for {PATIENCE:.0f} s")


def _row(fault, scene, journal, at, since, healthy):
    answers = [a for a in journal.answers if a.at > at and a.kind != "readyz"]
    writes = [w for w in journal.writes if w.at > at]
    ports = [{app.port} for app in scene.apps]
    if not fault.servers_alone:
        ports = [set.union(*ports)]
    gaps = [gap for some in ports for gap in _gaps(at, [w.at for w in writes if w.port in some])]
    longest, end = max(gaps)
    not_ready = [
        a.at for a in journal.answers if a.kind == "readyz" and a.at > at and a.status == 503
    ]
    return Row(
        fault=fault.name,
        limit=fault.limit,
        back=round(_away(fault, longest, end - since), 2),
        gap=round(longest, 2),
        healthy=round(healthy, 1),
        slowest=round(max(a.seconds for a in answers), 2),
        unavailable=sum(a.status == 503 for a in answers),
        lost=sum(a.status == "lost" for a in answers),
        not_ready=round(min(not_ready) - at, 2) if not_ready else None,
        acknowledged=len(writes),
    )


def _away(fault, longest, since):
    if longest < SETTLED:
        return 0.0
    return longest if fault.planned else since


def _gaps(at, moments):
    """The pauses between acknowledgements since the fault, each with its end."""
    before = [at, *moments]
    return [(later - earlier, later) for earlier, later in zip(before, moments, strict=False)]


async def watch(ports, journal):
    """Ask every server whether it is ready, four times a second, as a balancer does."""
    wire = Wire("127.0.0.1")
    while True:
        for port in ports:
            asked = time.monotonic()
            try:
                status = (await wire.ask(port, "GET", "/readyz", {})).status
            except Lost:
                status = "lost"
            journal.answered("readyz", port, status, asked)
        await asyncio.sleep(0.25)
