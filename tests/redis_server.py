"""A Redis of our own, in a thread: fakeredis speaks its protocol and runs the limits' scripts."""

import threading
from contextlib import contextmanager

from fakeredis import TcpFakeServer

from tests.servers import free_port


@contextmanager
def running_redis(port=None):
    """The URL of an empty server, gone at the end."""
    port = port or free_port()
    TcpFakeServer.allow_reuse_address = TcpFakeServer.daemon_threads = True
    TcpFakeServer.request_queue_size = 128  # as Redis; five would refuse several workers at once
    server = TcpFakeServer(("127.0.0.1", port), server_type="redis")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.shutdown()
        server.server_close()
