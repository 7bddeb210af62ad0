"""A pay-as-you-go credits system: welcome credits, paid operations, purchases, one ledger."""

from dataclasses import dataclass

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from creditsapp import (
    badge,
    database,
    dodo,
    errors,
    formatting,
    health,
    incoming,
    json_interface,
    limits,
    security,
    static_files,
    translation,
)
from creditsapp.auth import bp as auth_bp
from creditsapp.commands import register_commands
from creditsapp.credits import api as credits_api
from creditsapp.credits import bp as credits_bp
from creditsapp.extensions import csrf, db, login_manager, migrate
from creditsapp.home import bp as home_bp
from creditsapp.logs import requests, writing
from creditsapp.mail import postman
from creditsapp.openapi import bp as openapi_bp
from creditsapp.prices import PriceList
from creditsapp.sandbox.mount import mount_sandbox, webhook_secrets
from creditsapp.services.payments import Terms
from creditsapp.services.purchases import Offer
from creditsapp.settings import INSTANCE, ROOT, Settings, load_settings
from creditsapp.studio import api as studio_api
from creditsapp.studio import bp as studio_bp
from creditsapp.studio.operations import price_list
from creditsapp.webhooks import bp as webhooks_bp


@dataclass(frozen=True)
class Credits:
    """What the views of one app share."""

    settings: Settings
    prices: PriceList
    offer: Offer
    terms: Terms


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app; raise SettingsError when the environment's settings do not do."""
    settings = settings or load_settings()
    writing.install(settings.log_format)
    app = Flask(__name__, instance_path=str(INSTANCE), static_folder=None)
    app.config.from_mapping(security.configuration(settings), **_database(settings))
    app.config["HOLD_SECONDS"] = settings.hold_seconds
    app.config["WEBHOOK_SECRETS"] = webhook_secrets(settings)
    app.extensions["creditsapp"] = Credits(
        settings=settings,
        prices=price_list(settings.credit_costs),
        offer=Offer(
            settings.credits_per_dollar,
            settings.min_purchase_dollars,
            settings.max_purchase_dollars,
        ),
        terms=Terms(dodo.product_id(settings)),
    )
    db.init_app(app)
    migrate.init_app(app, directory=str(ROOT / "migrations"))
    login_manager.init_app(app, add_context_processor=False)  # badge has a lazier one
    csrf.init_app(app)
    with app.app_context():
        database.prepare(db.engine, pooled=settings.pooled)

    for blueprint in (home_bp, auth_bp, studio_bp, studio_api, credits_bp, credits_api):
        app.register_blueprint(blueprint)
    for blueprint in (webhooks_bp, openapi_bp):
        app.register_blueprint(blueprint)
    health.init_app(app)
    incoming.init_app(app)
    json_interface.init_app(app)
    limits.init_app(app)
    security.init_app(app)
    static_files.init_app(app)
    translation.init_app(app)
    formatting.init_app(app)
    badge.init_app(app)
    errors.init_app(app)
    dodo.init_app(app, settings)
    postman.init_app(app)
    register_commands(app)

    if settings.sandbox_mounted:
        mount_sandbox(app, settings)
    requests.init_app(app)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        behind = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = behind  # type: ignore[method-assign]  # as Flask documents it
    return app


def _database(settings: Settings) -> dict[str, object]:
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    threads = settings.web_threads + 1  # and the one that sends mails
    return {
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": database.engine_options(
            settings.database_url, threads=threads, pooled=settings.pooled
        ),
    }
