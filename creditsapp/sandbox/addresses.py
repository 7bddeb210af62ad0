"""Where webhooks go."""

from flask import request

from creditsapp.sandbox.context import current

WEBHOOK_PATH = "/api/webhooks/dodo"


def webhook_target() -> str:
    """The configured address, or the webhook route of the app on this server's port."""
    configured = current().webhook_url
    if configured:
        return configured
    host = request.environ["SERVER_NAME"]
    if host in ("", "0.0.0.0", "::"):  # nosec B104 # nothing is bound, only read
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{request.environ['SERVER_PORT']}{WEBHOOK_PATH}"
