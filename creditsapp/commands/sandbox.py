"""`flask sandbox`: Dodo's stand-in on a port of its own."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from werkzeug.serving import run_simple

from creditsapp.dodo import product_id
from creditsapp.sandbox import create_sandbox, sender
from creditsapp.sandbox.mount import webhook_secrets
from creditsapp.settings import INSTANCE, Settings, instance_secret

sandbox_group = AppGroup("sandbox", help="Try payments where no real money moves.")


@sandbox_group.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8001, help="Where to listen; 8001.")
@click.option("--webhook-url", help="Where webhooks go; the app on this machine.")
@click.option("--database", type=click.Path(path_type=Path), help="Where it keeps its state.")
@click.option("--clock", type=click.FloatRange(min=1), default=1.0, help="Divides every wait.")
def run(port: int, webhook_url: str | None, database: Path | None, clock: float) -> None:
    """Serve the sandbox on its own; the app finds it by DODO_PAYMENTS_BASE_URL."""
    settings: Settings = current_app.extensions["creditsapp"].settings
    if not settings.sandbox:
        raise click.ClickException(
            f"this is {settings.dodo_payments_environment}, where real payments are expected"
        )
    secret = (webhook_secrets(settings) or (instance_secret("webhook_secret", "whsec_"),))[0]
    target = webhook_url or f"http://127.0.0.1:{settings.port}/api/webhooks/dodo"
    sandbox = create_sandbox(
        database=database or INSTANCE / f"sandbox-{port}.db",
        api_key=settings.dodo_payments_api_key or None,
        webhook_secret=secret,
        webhook_url=target,
        product_id=product_id(settings),
        clock=clock,
    )
    sender.start(sandbox)
    click.echo(f"The sandbox is at http://127.0.0.1:{port}/sandbox/. The app uses it with")
    click.echo(f"DODO_PAYMENTS_BASE_URL=http://127.0.0.1:{port} DODO_WEBHOOK_SECRET={secret}")
    click.echo(f"Webhooks go to {target}; --webhook-url names another address.")
    run_simple("127.0.0.1", port, sandbox, threaded=True)
