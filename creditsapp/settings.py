"""The settings: read once from the environment and `.env`, typed, and refused all at once."""

import base64
import re
import secrets
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from creditsapp.dodo.signature import BadSecret, decode_secret
from creditsapp.mail.server import parse_mail_url
from creditsapp.models.types import LIMIT, as_credits
from creditsapp.models.wallet import LONGEST_HOLD
from creditsapp.prices import Price
from creditsapp.strict_json import parse_json

_ADDRESS = r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[a-z0-9.-]{1,255}"
_SENDER = re.compile(rf"({_ADDRESS})|[^\W_][\w .'&-]{{0,69}} <({_ADDRESS})>", re.IGNORECASE)

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = ROOT / "instance"
ONE_OPERATOR = Decimal(1000)  # credits that one may give where they are worth real money
PER_UNIT = '{"credits": 0.2, "per": "page", "step": 1}'

Environment = Literal["sandbox", "test_mode", "live_mode"]


class SettingsError(Exception):
    """Some settings are missing or wrong; the message names every one of them."""


def _credits(value: Any) -> Decimal:
    try:
        return as_credits(Decimal(value) if isinstance(value, str) else value)
    except (ArithmeticError, TypeError):
        raise ValueError("is not a number of credits") from None


def _price(value: Any) -> Price:
    if isinstance(value, Price):
        return value
    if not isinstance(value, dict):
        return Price(_credits(value))
    if not {"credits", "per"} <= value.keys() <= {"credits", "per", "step"}:
        raise ValueError(f"is not a price such as {PER_UNIT}; only the step may be left out")
    if not isinstance(value["per"], str):
        raise ValueError('"per" is not a text such as "page"')
    step = {"step": _credits(value["step"])} if "step" in value else {}
    return Price(_credits(value["credits"]), per=value["per"], **step)


CreditAmount = Annotated[Decimal, BeforeValidator(_credits)]


class Settings(BaseSettings):
    """What the environment says; a field's name in capitals is the variable's name."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: str = ""
    secret_key: str = ""
    app_base_url: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000

    dodo_payments_environment: Environment | None = None
    dodo_payments_api_key: str = ""
    dodo_payments_base_url: str = ""
    dodo_credits_product_id: str = ""
    dodo_webhook_secret: Annotated[tuple[str, ...], NoDecode] = ()

    initial_free_credits: Annotated[CreditAmount, Field(ge=0)] = Decimal(50)
    low_balance_credits: Annotated[CreditAmount, Field(ge=0)] = Decimal(10)
    credits_per_dollar: Annotated[CreditAmount, Field(gt=0)] = Decimal(20)
    min_purchase_dollars: Annotated[int, Field(ge=1)] = 1
    max_purchase_dollars: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    credit_costs: Annotated[dict[str, Annotated[Price, PlainValidator(_price)]], NoDecode] = {}
    hold_seconds: Annotated[int, Field(ge=1, le=LONGEST_HOLD)] = 900
    grant_approval_above: Annotated[CreditAmount, Field(ge=0)] = LIMIT

    mail_url: Annotated[str, Field(repr=False)] = ""
    mail_from: str = ""

    ratelimit_storage_uri: str = "memory://"
    proxy_hops: Annotated[int, Field(ge=0)] = 0
    welcome_requires_verified_email: bool | None = None
    welcome_credits_per_network: Annotated[int, Field(ge=0)] = 0
    log_format: Literal["console", "json"] = "console"

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

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value:
            return f"sqlite:///{INSTANCE / 'credits.db'}"
        for prefix in ("postgres://", "postgresql://"):
            if value.startswith(prefix):
                value = "postgresql+psycopg://" + value.removeprefix(prefix)
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError("is not a database URL") from None
        if url.drivername not in ("sqlite", "postgresql+psycopg"):
            raise ValueError("must begin with sqlite:// or postgresql://")
        return value

    @field_validator("dodo_webhook_secret", mode="before")
    @classmethod
    def _webhook_secrets(cls, value: Any) -> Any:
        if isinstance(value, str):
            parts = tuple(part.strip() for part in value.split(",") if part.strip())
            if value and not parts:
                raise ValueError("holds no secret")
            value = parts
        for secret in value:
            try:
                decode_secret(secret)
            except BadSecret as error:
                raise ValueError(str(error)) from None
        return value

    @field_validator("credit_costs", mode="before")
    @classmethod
    def _costs(cls, value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = parse_json(value.encode())
            except ValueError:
                raise ValueError('is not a JSON object such as {"THEME_GENERATION": 0.5}') from None
        if not isinstance(value, dict):
            raise ValueError('is not a JSON object such as {"THEME_GENERATION": 0.5}')
        if not all(1 <= len(name) <= 64 and name.isprintable() for name in value):
            raise ValueError("an operation's name has 1 to 64 printable characters")
        return {name.lower(): cost for name, cost in value.items()}

    @field_validator("ratelimit_storage_uri")
    @classmethod
    def _storage(cls, value: str) -> str:
        if value == "memory://":
            return value
        if not value.startswith(("redis://", "rediss://")):
            raise ValueError("is neither memory:// nor an address that begins with redis://")
        try:
            parts = urlsplit(value)
            known = bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known or not (parts.path.strip("/") or "0").isdigit():
            raise ValueError("is not an address such as redis://127.0.0.1:6379/0")
        return value

    @field_validator("app_base_url", "dodo_payments_base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
            raise ValueError("is not an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value:
            parse_mail_url(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and not (_SENDER.fullmatch(value) and value.isprintable()):
            raise ValueError("is not a sender such as Credits <credits@example.com>")
        return value

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
            if settings.min_purchase_dollars > settings.max_purchase_dollars:
                problems.append("MIN_PURCHASE_DOLLARS: is above MAX_PURCHASE_DOLLARS")
            if settings.mail_url and environment == "live_mode" and not settings.sender:
                problems.append("MAIL_FROM: is required where APP_BASE_URL names no domain")
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


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        message = problem["msg"].removeprefix("Value error, ")
        where = ".".join(str(part) for part in problem["loc"])
        lines += [f"{where.upper()}: {message}"] if where else message.split("\n")
    return lines


def instance_secret(name: str, prefix: str = "") -> str:
    """A random secret kept in a file of `instance/`, the same for every process that asks."""
    path = INSTANCE / name
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(prefix + base64.b64encode(secrets.token_bytes(32)).decode())
        try:
            path.hardlink_to(fresh)  # the first of several processes wins
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text()
