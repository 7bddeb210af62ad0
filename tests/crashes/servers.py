"""A PostgreSQL of our own that can be killed and comes back with the data that it had."""

import psutil


def kill_all(server):
    """SIGKILL a server, its postmaster first, with every process that it has."""
    postmaster = psutil.Process(server.get_pid())
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            pass
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive


def restart(server):
    """Start it again on the same data, which it recovers from its log."""
    server.ensure_postgres_running()
