"""Dodo Payments: its API behind the vendor's SDK, and its webhooks' signatures."""

import functools
from typing import TYPE_CHECKING

from flask import Flask, current_app, request

from creditsapp.dodo.addresses import API_ADDRESSES
from creditsapp.dodo.client import DodoClient

if TYPE_CHECKING:
    from creditsapp.settings import Settings

SANDBOX_PRODUCT = "pdt_sandbox_credits"
SANDBOX_KEY = "sandbox"


def init_app(app: Flask, settings: "Settings") -> None:
    """Give the app its clients of Dodo, one an address, made at their first use."""

    @functools.cache
    def client(base_url: str) -> DodoClient:
        return DodoClient(
            api_key=settings.dodo_payments_api_key or SANDBOX_KEY,
            base_url=base_url,
            product_id=product_id(settings),
            sandbox=settings.sandbox,
        )

    app.extensions["dodo"] = client


def product_id(settings: "Settings") -> str:
    """The product that is sold; the sandbox has one of its own."""
    return settings.dodo_credits_product_id or SANDBOX_PRODUCT


def _listening_port() -> str:
    """The port of our own socket, which a proxy's headers do not change."""
    ours = request.environ.get("werkzeug.proxy_fix.orig", {})
    return str(ours.get("SERVER_PORT") or request.environ["SERVER_PORT"])


def dodo_client() -> DodoClient:
    """The client for the Dodo that this app talks to."""
    settings: Settings = current_app.extensions["creditsapp"].settings
    if settings.dodo_payments_base_url:
        address = settings.dodo_payments_base_url
    elif settings.sandbox_mounted:
        port = _listening_port() if request else settings.port
        address = f"http://127.0.0.1:{port}/sandbox"
    else:
        address = API_ADDRESSES[str(settings.dodo_payments_environment)]
    client: DodoClient = current_app.extensions["dodo"](address)
    return client
