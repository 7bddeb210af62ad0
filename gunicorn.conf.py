"""How the app is served: threads, so that waiting for the database or for Dodo blocks nobody."""

from creditsapp import schema
from creditsapp.logs.server import ServerLogger
from creditsapp.metrics import workers as slots
from creditsapp.metrics.serving import serve as serve_metrics
from creditsapp.settings import SettingsError, load_settings
from creditsapp.studio.operations import price_list

try:
    settings = load_settings()
    price_list(settings.credit_costs)
except SettingsError as error:
    raise SystemExit(f"These settings are missing or wrong:\n{error}") from None

bind = f"127.0.0.1:{settings.port}"
worker_class = "gthread"
workers = settings.web_concurrency
threads = settings.web_threads
timeout = 60
graceful_timeout = 30
control_socket_disable = True
accesslog = None
logger_class = ServerLogger
# Where one is wanted: without what is searched for, or where a reader came from.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(L)s'


def on_starting(server):
    """Serve on no schema that this version cannot use."""
    schema.refuse_another(settings)
    if settings.metrics_port:
        slots.begin()


def when_ready(server):
    """Say it where limits are counted by several processes, each for itself."""
    if settings.counts_alone and server.cfg.workers > 1:
        server.log.warning(
            "Each of %s processes counts rate limits alone, so more is let through than they say;"
            " RATELIMIT_STORAGE_URI=redis://... lets them count together.",
            server.cfg.workers,
        )


def pre_fork(server, worker):
    """Say where a worker counts."""
    slots.take_slot(server, worker)


def post_fork(server, worker):
    """Count there."""
    slots.count_in_slot(worker)


def post_worker_init(worker):
    """Let Prometheus ask any of the workers."""
    if settings.metrics_port:
        serve_metrics(worker.wsgi, settings.metrics_host, settings.metrics_port)


def child_exit(server, worker):
    """What a worker had in use is in use no more."""
    slots.leave_slot(worker)


def on_exit(server):
    """Leave nothing behind."""
    slots.end()
