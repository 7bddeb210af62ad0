"""A stateful stand-in for Dodo Payments: its API, its checkout page and its webhooks."""

import pathlib

from flask import Flask

from creditsapp import incoming, static_files
from creditsapp.sandbox import api, checkout, controls, errors, payments
from creditsapp.sandbox.amounts import money
from creditsapp.sandbox.context import Sandbox
from creditsapp.sandbox.headers import add_headers
from creditsapp.sandbox.store import Store
from creditsapp.sandbox.texts import how_long, lower_first
from creditsapp.sandbox.times import clock_time


def create_sandbox(
    *,
    database: pathlib.Path,
    api_key: str | None,
    webhook_secret: str,
    webhook_url: str | None,
    controls_prefix: str = "/sandbox",
    product_id: str = "pdt_sandbox_credits",
    clock: float = 1,
) -> Flask:
    """Build the stand-in; `clock` divides every wait, so that 60 makes a minute a second."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.json.sort_keys = False
    incoming.init_app(app)
    static_files.init_app(app)
    app.extensions["sandbox"] = Sandbox(
        store=Store(database),
        api_key=api_key,
        webhook_secret=webhook_secret.split(",")[0].strip(),
        webhook_url=webhook_url,
        product_id=product_id,
        clock=clock,
    )
    app.jinja_env.filters.update(
        money=money, clock_time=clock_time, how_long=how_long, lower_first=lower_first
    )
    app.register_blueprint(api.bp)
    app.register_blueprint(checkout.bp)
    app.register_blueprint(controls.bp, url_prefix=controls_prefix or None)
    if controls_prefix:
        app.add_url_rule("/", "home", controls.go_to_controls)
    errors.register(app)
    app.before_request(payments.settle_due_in_request)
    app.after_request(add_headers)
    return app
