"""How the app is served: threads, so that waiting for the database or for Dodo blocks nobody."""

import os
import socket
import struct

from creditsapp import schema
from creditsapp.logs.server import ServerLogger
from creditsapp.metrics import serving, slots
from wsgi import app  # made once, before the workers: it has opened nothing that they could share

settings = app.extensions["creditsapp"].settings
preload_app = True

bind = f"[{settings.bind_address}]:{settings.port}"  # the brackets are for IPv6, and fit both
worker_class = "gthread"
workers = settings.web_concurrency
threads = settings.web_threads
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # nosec B108 # no disk
control_socket_disable = True

# Until a worker is killed that does not even look for requests. What a request waits for has its
# own deadline: the database's answers, Dodo's, and the client (below).
timeout = 60
graceful_timeout = 30
keepalive = 75  # longer than proxies keep a connection, so that none sends into one that closes
CLIENT_SECONDS = 20

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Who is believed about scheme, host and address is PROXY_HOPS' matter alone.
secure_scheme_headers = {}
forwarder_headers = ""

accesslog = None
logger_class = ServerLogger
# Where one is wanted: without what is searched for, or where a reader came from.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(L)s'


def on_starting(server):
    """Serve on no schema that this version cannot use."""
    schema.refuse_another(settings)
    if settings.metrics_port:
        slots.begin(worker_tmp_dir)


def when_ready(server):
    """Let no client keep a thread by silence, and say it where limits are counted by each alone."""
    patience = struct.pack("ll", CLIENT_SECONDS, 0)  # a timeval; connections have it from here
    for listener in server.LISTENERS:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
    if settings.counts_alone and server.cfg.workers > 1:
        server.log.warning(
            "Each of %s processes counts rate limits alone, so more is let through than they say;"
            " RATELIMIT_STORAGE_URI=redis://... lets them count together.",
            server.cfg.workers,
        )


def pre_fork(server, worker):
    """Give the worker a place to count in."""
    slots.take(server, worker)


def post_fork(server, worker):
    """Count there."""
    slots.count_in(worker)


def post_worker_init(worker):
    """Let Prometheus ask any of the workers."""
    if settings.metrics_port:
        serving.serve(app, str(settings.metrics_address), settings.metrics_port)


def worker_exit(server, worker):
    """Begin no other mail; the one under way is waited for."""
    if worker.pid == os.getpid():  # gunicorn also calls it in the master, of a worker that is gone
        app.extensions["postman"].stop()


def child_exit(server, worker):
    """What a worker had in use is in use no more."""
    slots.leave(worker)


def on_exit(server):
    """Leave nothing behind."""
    slots.end()
