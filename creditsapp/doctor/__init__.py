"""The set-up checklist, checked for real; a check that cannot be made does not stop the others."""

from collections.abc import Iterator

from flask import current_app

from creditsapp.doctor import counting, database, mail, provider, setup
from creditsapp.doctor.finding import Finding
from creditsapp.settings import Settings


def examine() -> Iterator[Finding]:
    """Look at everything, one finding for each line of the checklist."""
    settings: Settings = current_app.extensions["creditsapp"].settings
    secrets: tuple[str, ...] = current_app.config["WEBHOOK_SECRETS"]
    yield from database.findings(settings)
    yield setup.mode(settings)
    yield setup.secret_key(settings)
    yield setup.webhook_secrets(secrets)
    yield setup.api_key(settings)
    yield setup.address(settings)
    yield setup.prices(settings)
    yield setup.proxies(settings)
    yield counting.rate_limits(settings)
    yield mail.server(settings)
    yield from provider.findings(settings, secrets)
