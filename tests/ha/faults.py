"""What breaks, how it is mended, and how long writes may be away."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.ha.cluster import NODES
from tests.ha.processes import kill

CANCELLING = 5.0
CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@dataclass(frozen=True)
class Fault:
    """`strike` breaks something of a `Scene` and returns how it is mended, if it is to be.

    `lasts` is how long it is looked at before it is mended. `limit` is how many seconds later
    writes have to be back: after the fault, after its mending where nothing can be done before,
    or, where it is `planned`, after the last write that went on meanwhile.
    """

    name: str
    strike: Callable
    limit: float = 30.0
    lasts: float = 8.0
    needs_mending: bool = False
    planned: bool = False
    servers_alone: bool = True  # each app server has to write again, not any of them


@dataclass
class Scene:
    """All that can be broken."""

    cluster: object
    apps: list
    redis: object


def primary_with_patroni(scene):
    name = scene.cluster.primary()
    scene.cluster.kill_node(name)
    return lambda: scene.cluster.start_node(name)


def patroni_alone(scene):
    name = scene.cluster.primary()
    scene.cluster.kill_patroni(name)
    return lambda: scene.cluster.start_node(name)


def cancelled_waits(scene):
    """No standby answers, an operator cancels the commits that wait, and the primary is lost.

    PostgreSQL calls such a commit a success, and no standby has it.
    """
    name = scene.cluster.primary()
    frozen = [one for node in NODES if node != name for one in scene.cluster.postgres(node)]
    for process in frozen:
        process.suspend()
    try:
        with scene.cluster.superuser(name) as operator:
            cancelled, until = 0, time.monotonic() + CANCELLING
            while time.monotonic() < until:
                cancelled += operator.execute(CANCEL).rowcount
                time.sleep(0.05)
        if not cancelled:
            raise RuntimeError("no commit waited for a standby, so none could be cancelled")
        scene.cluster.kill_node(name)
    finally:
        for process in frozen:
            process.resume()
    return lambda: scene.cluster.start_node(name)


def primary_without_patroni(scene):
    kill(*scene.cluster.postgres(scene.cluster.primary()))


def standby(scene):
    name = scene.cluster.standby()
    scene.cluster.kill_node(name)
    return lambda: scene.cluster.start_node(name)


def switchover(scene):
    scene.cluster.switch_over()


def app_server(scene):
    app = scene.apps[0]
    app.kill()
    return app.start


def redis(scene):
    scene.redis.kill()
    return scene.redis.start


def quorum_of_etcd(scene):
    gone = list(scene.cluster.members)[:2]
    for name in gone:
        scene.cluster.kill_patroni(name)

    def mend():
        for name in gone:
            scene.cluster.start_member(name)

    return mend


FAULTS = {
    "primary": Fault("primary with its Patroni", primary_with_patroni),
    "postgres": Fault("primary, Patroni lives", primary_without_patroni),
    "patroni": Fault("Patroni of the primary", patroni_alone),
    "cancel": Fault("cancelled, then primary", cancelled_waits, limit=30.0 + CANCELLING),
    "standby": Fault("synchronous standby", standby),
    "switchover": Fault("planned switchover", switchover, limit=5.0, planned=True),
    "app": Fault("an app server", app_server, servers_alone=False),
    "redis": Fault("Redis", redis),
    "etcd": Fault("two etcd of three", quorum_of_etcd, lasts=30.0, needs_mending=True),
}


def struck(fault, scene):
    """Let a fault happen; return the moment, and how it is mended."""
    at = time.monotonic()
    return at, fault.strike(scene)
