"""PgBouncer between the apps of the tests and their PostgreSQL, where POOLED is set.

The apps sign in as a role that may do no more than it has to. What the tests do past the app
still goes straight to PostgreSQL, as its superuser.
"""

import os
import pwd
import subprocess
import time
from contextlib import contextmanager

import psycopg

from creditsapp.database.postgresql import session_settings
from tests.servers import free_port

POOLED = bool(os.environ.get("POOLED"))
SERVING = "credits_app"
CONFIGURATION = """\
[databases]
* = host={sockets} port=5432

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
server_round_robin = 1
"""
PORTS = {}  # of the poolers, by the folder of their servers' sockets


@contextmanager
def pooled(server):
    """Run a PgBouncer before a server, whose connections go from client to client in turn."""
    folder, sockets = server.pgdata.parent, str(server.pgdata)
    wanted = {"synchronous_commit": "on"} | session_settings()
    for name, value in wanted.items():
        server.psql(f"ALTER ROLE {SERVING} SET {name} = '{value}'")
    port = free_port()
    words = CONFIGURATION.format(sockets=sockets, port=port, folder=folder)
    (folder / "pgbouncer.ini").write_text(words)
    (folder / "users.txt").write_text(f'"{SERVING}" ""\n')
    owner = pwd.getpwuid(server.pgdata.stat().st_uid)
    process = subprocess.Popen(
        ["/usr/sbin/pgbouncer", folder / "pgbouncer.ini"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=owner.pw_uid,
        group=owner.pw_gid,
        extra_groups=[],
    )
    try:
        _wait_for(port)
        PORTS[sockets] = port
        yield
    finally:
        PORTS.pop(sockets, None)
        process.terminate()
        process.wait(30)


def serving(url):
    """Settings of an app that only serves; where POOLED is set, through its server's PgBouncer."""
    address = psycopg.conninfo.conninfo_to_dict(url)
    sockets, name = address["host"], address["dbname"]
    settings = {"database_owner_url": url}
    if not POOLED:
        return settings | {"database_url": f"postgresql://{SERVING}@/{name}?host={sockets}"}
    return settings | {
        "database_url": f"postgresql://{SERVING}@127.0.0.1:{PORTS[sockets]}/{name}",
        "database_pooler": "transaction",
    }


def _wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"postgresql://{SERVING}@127.0.0.1:{port}/postgres").close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "PgBouncer does not answer"
            time.sleep(0.05)
