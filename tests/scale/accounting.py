"""What some work has cost: processor time by whose it was, write-ahead log, disk."""

import time
from dataclasses import dataclass

import psutil
import psycopg

_COUNTED = """
SELECT pg_current_wal_lsn() - '0/0',
    (SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'
        AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%'))
"""


@dataclass(frozen=True)
class Bill:
    """Processor seconds of clients and of PostgreSQL, and what PostgreSQL wrote, in bytes."""

    seconds: float
    client: float
    server: float
    wal: float
    disk: float

    def __sub__(self, other):
        return Bill(*(mine - others for mine, others in zip(self, other, strict=True)))

    def __iter__(self):
        return iter(vars(self).values())


class Meter:
    """Counts for a database; `clients` are the processes whose time is the clients' share."""

    def __init__(self, server, url, clients):
        self._url, self._postmaster = url, server.get_pid()
        self._clients = clients

    def read(self):
        """What it has come to since the beginning; the difference of two is a bill."""
        with psycopg.connect(self._url) as connection:
            counted = connection.execute(_COUNTED).fetchone()
        client = sum(processor_seconds(pid) for pid in self._clients)
        server = processor_seconds(self._postmaster)
        return Bill(time.perf_counter(), client, server, *map(float, counted))


def processor_seconds(pid):
    """What a process and all its children, ended ones too, have used."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    used = own.user + own.system + own.children_user + own.children_system
    return used + sum(processor_seconds(child.pid) for child in process.children())
