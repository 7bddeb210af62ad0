"""The sandbox below /sandbox of the app itself, as `make run` serves it."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from creditsapp.dodo import product_id
from creditsapp.headers import UNDER_HTTPS
from creditsapp.sandbox import create_sandbox, sender
from creditsapp.settings import INSTANCE, Settings, instance_secret

PREFIX = "/sandbox"


def mount_sandbox(app: Flask, settings: Settings) -> None:
    """Serve the sandbox beside the app; its sender starts with the first request of a process."""
    sandbox = create_sandbox(
        database=INSTANCE / "sandbox.db",
        api_key=settings.dodo_payments_api_key or None,
        webhook_secret=webhook_secrets(settings)[0],
        webhook_url=None,
        controls_prefix="",
        product_id=product_id(settings),
    )
    sandbox.config["TRUSTED_HOSTS"] = app.config["TRUSTED_HOSTS"]
    dispatch = DispatcherMiddleware(app.wsgi_app, {PREFIX: sandbox})

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sender.start(sandbox)
        return dispatch(environ, start_response)

    @sandbox.after_request
    def as_the_app(response: Response) -> Response:
        response.headers.update(UNDER_HTTPS if settings.under_https else {})
        return response

    app.wsgi_app = serve  # type: ignore[method-assign]  # as Flask documents it


def webhook_secrets(settings: Settings) -> tuple[str, ...]:
    """The secrets that sign webhooks; the mounted sandbox makes its own where none is set."""
    if settings.dodo_webhook_secret or not settings.sandbox_mounted:
        return settings.dodo_webhook_secret
    return (instance_secret("webhook_secret", prefix="whsec_"),)
