"""What one sandbox was built with."""

from dataclasses import dataclass

from flask import current_app

from creditsapp.dodo.signature import decode_secret
from creditsapp.sandbox.store import Store

BUSINESS_ID = "bus_sandbox"
BRAND_ID = "brd_sandbox"


@dataclass(frozen=True)
class Sandbox:
    """The store and the settings of one sandbox."""

    store: Store
    api_key: str | None
    webhook_secret: str
    webhook_url: str | None
    product_id: str
    clock: float

    def __post_init__(self) -> None:
        decode_secret(self.webhook_secret)
        if self.clock <= 0:
            raise ValueError("clock must be more than 0")


def current() -> Sandbox:
    """The sandbox that answers the current request."""
    return current_app.extensions["sandbox"]
