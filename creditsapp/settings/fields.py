"""Every setting, what each is by default, and what several must be together."""

import re
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    IPvAnyAddress,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from creditsapp.models.types import LIMIT
from creditsapp.models.wallet import LONGEST_HOLD
from creditsapp.settings.instance import ROOT
from creditsapp.settings.values import (
    CountingStore,
    CreditAmount,
    DatabaseUrl,
    MailServer,
    OwnerUrl,
    Prices,
    Secrets,
    Sender,
    WebAddress,
    WebhookSecrets,
)

ONE_OPERATOR = Decimal(1000)  # credits that one may give where they are worth real money

Environment = Literal["sandbox", "test_mode", "live_mode"]


class SettingsError(Exception):
    """Some settings are missing or wrong; the message names every one of them."""


class Settings(BaseSettings):
    """What the environment says; a field's name in capitals is the variable's name."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: Annotated[DatabaseUrl, Field(repr=False)] = ""
    database_owner_url: Annotated[OwnerUrl, Field(repr=False)] = ""
    database_pooler: Literal["transaction"] | None = None
    secret_key: str = ""
    secret_key_fallbacks: Secrets = ()
    app_base_url: WebAddress = ""
    bind_address: IPvAnyAddress = IPv4Address("127.0.0.1")
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    web_concurrency: Annotated[int, Field(ge=1, le=256)] = 2
    web_threads: Annotated[int, Field(ge=1, le=256)] = 8

    dodo_payments_environment: Environment | None = None
    dodo_payments_api_key: str = ""
    dodo_payments_base_url: WebAddress = ""
    dodo_credits_product_id: str = ""
    dodo_webhook_secret: WebhookSecrets = ()

    initial_free_credits: Annotated[CreditAmount, Field(ge=0)] = Decimal(50)
    low_balance_credits: Annotated[CreditAmount, Field(ge=0)] = Decimal(10)
    credits_per_dollar: Annotated[CreditAmount, Field(gt=0)] = Decimal(20)
    min_purchase_dollars: Annotated[int, Field(ge=1)] = 1
    max_purchase_dollars: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    credit_costs: Prices = {}
    hold_seconds: Annotated[int, Field(ge=1, le=LONGEST_HOLD)] = 900
    grant_approval_above: Annotated[CreditAmount, Field(ge=0)] = LIMIT

    mail_url: Annotated[MailServer, Field(repr=False)] = ""
    mail_from: Sender = ""

    ratelimit_storage_uri: CountingStore = "memory://"
    proxy_hops: Annotated[int, Field(ge=0)] = 0
    welcome_requires_verified_email: bool | None = None
    welcome_credits_per_network: Annotated[int, Field(ge=0)] = 0
    log_format: Literal["console", "json"] = "console"
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    metrics_address: IPvAnyAddress = IPv4Address("127.0.0.1")

    @property
    def pooled(self) -> bool:
        """Whether a pooler lends connections for a transaction each."""
        return self.database_pooler is not None

    @property
    def sandbox(self) -> bool:
        """Whether payments go to a stand-in, where no real money moves."""
        return self.dodo_payments_environment == "sandbox"

    @property
    def sandbox_mounted(self) -> bool:
        """Whether the stand-in is the built-in one, served below /sandbox."""
        return self.sandbox and not self.dodo_payments_base_url

    @property
    def sender(self) -> str:
        """Who mails come from; empty where there is no domain to make it up from."""
        host = urlsplit(self.app_base_url).hostname or "localhost"
        made_up = f"credits@{host}" if re.search("[a-z]$", host) else ""
        return self.mail_from or made_up

    @property
    def under_https(self) -> bool:
        """Whether browsers reach the app by https alone."""
        return self.app_base_url.startswith("https://")

    @property
    def counts_alone(self) -> bool:
        """Whether each process counts by itself how often things are done."""
        return self.ratelimit_storage_uri == "memory://"

    @model_validator(mode="wrap")
    @classmethod
    def _complete(cls, values: dict[str, Any], handler: ModelWrapValidatorHandler[Self]) -> Self:
        environment = values.get("dodo_payments_environment")
        if not environment and not values.get("dodo_payments_api_key"):
            environment = values["dodo_payments_environment"] = "sandbox"
        values.setdefault("welcome_requires_verified_email", environment != "sandbox")
        values.setdefault("welcome_credits_per_network", 0 if environment == "sandbox" else 10)
        if environment != "sandbox":
            values.setdefault("grant_approval_above", ONE_OPERATOR)
        problems = _missing(environment, values)
        try:
            settings = handler(values)
        except ValidationError as error:
            problems += _lines(error)
        else:
            if settings.metrics_port == settings.port:
                problems.append("METRICS_PORT: is PORT, where everybody could read them")
            if settings.min_purchase_dollars > settings.max_purchase_dollars:
                problems.append("MIN_PURCHASE_DOLLARS: is above MAX_PURCHASE_DOLLARS")
            if settings.mail_url and environment == "live_mode" and not settings.sender:
                problems.append("MAIL_FROM: is required where APP_BASE_URL names no domain")
            problems += _roles(settings)
            if settings.credits_per_dollar * settings.max_purchase_dollars > LIMIT:
                problems.append("CREDITS_PER_DOLLAR: makes more credits than can be kept")
        if problems:
            raise ValueError("\n".join(problems))
        return settings


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; raise SettingsError with a line for each that is missing or wrong."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from None


def _missing(environment: str | None, values: dict[str, Any]) -> list[str]:
    if not environment:
        choices = "sandbox, test_mode or live_mode"
        return [f"DODO_PAYMENTS_ENVIRONMENT: is required with an API key: {choices}"]
    required = []
    if environment in ("test_mode", "live_mode"):
        required += ["dodo_payments_api_key", "dodo_credits_product_id", "dodo_webhook_secret"]
    if environment == "live_mode":
        required += ["secret_key", "app_base_url"]
    return [
        f"{name.upper()}: is required in {environment}" for name in required if not values.get(name)
    ]


def _roles(settings: Settings) -> list[str]:
    """What is wrong with two roles: each needs a name, and the app must not own its tables."""
    if not settings.database_owner_url:
        return []
    serving, owner = make_url(settings.database_url), make_url(settings.database_owner_url)
    if serving.username is None or serving.username == owner.username:
        return ["DATABASE_OWNER_URL: needs a DATABASE_URL that names another user"]
    return []


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        message = problem["msg"].removeprefix("Value error, ")
        where = ".".join(str(part) for part in problem["loc"])
        lines += [f"{where.upper()}: {message}"] if where else message.split("\n")
    return lines
