"""The types of single settings: what a text must look like, and what it is read as."""

import re
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainValidator
from pydantic_settings import NoDecode
from sqlalchemy import make_url

from creditsapp.database.address import normalised
from creditsapp.dodo.signature import BadSecret, decode_secret
from creditsapp.mail.server import parse_mail_url
from creditsapp.models.types import as_credits
from creditsapp.prices import Price
from creditsapp.settings.instance import INSTANCE
from creditsapp.strict_json import parse_json

_ADDRESS = r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[a-z0-9.-]{1,255}"
_SENDER = re.compile(rf"({_ADDRESS})|[^\W_][\w .'&-]{{0,69}} <({_ADDRESS})>", re.IGNORECASE)
PER_UNIT = '{"credits": 0.2, "per": "page", "step": 1}'


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


def _prices(value: Any) -> Any:
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


def _database(value: str) -> str:
    """A URL; a relative file of SQLite lies in `instance/`, as Flask-SQLAlchemy has it."""
    found = normalised(value or "sqlite:///credits.db")
    url = make_url(found)
    if url.drivername != "sqlite" or url.database in (None, "", ":memory:") or "uri" in url.query:
        return found
    return url.set(database=str(INSTANCE / str(url.database))).render_as_string()


def _owner(value: str) -> str:
    found = normalised(value) if value else ""
    if found.startswith("sqlite"):
        raise ValueError("must begin with postgresql://: SQLite knows no roles")
    return found


def _secrets(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    parts = tuple(part.strip() for part in value.split(",") if part.strip())
    if value and not parts:
        raise ValueError("holds no secret")
    return parts


def _webhook_secrets(value: tuple[str, ...]) -> tuple[str, ...]:
    for secret in value:
        try:
            decode_secret(secret)
        except BadSecret as error:
            raise ValueError(str(error)) from None
    return value


def _storage(value: str) -> str:
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


def _web_address(value: str) -> str:
    if value and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
        raise ValueError("is not an address that begins with http:// or https://")
    return value.rstrip("/")


def _mail_server(value: str) -> str:
    if value:
        parse_mail_url(value)
    return value


def _sender(value: str) -> str:
    if value and not (_SENDER.fullmatch(value) and value.isprintable()):
        raise ValueError("is not a sender such as Credits <credits@example.com>")
    return value


CreditAmount = Annotated[Decimal, BeforeValidator(_credits)]
Prices = Annotated[
    dict[str, Annotated[Price, PlainValidator(_price)]], BeforeValidator(_prices), NoDecode
]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
OwnerUrl = Annotated[str, AfterValidator(_owner)]
Secrets = Annotated[tuple[str, ...], BeforeValidator(_secrets), NoDecode]
WebhookSecrets = Annotated[Secrets, AfterValidator(_webhook_secrets)]
CountingStore = Annotated[str, AfterValidator(_storage)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
MailServer = Annotated[str, AfterValidator(_mail_server)]
Sender = Annotated[str, AfterValidator(_sender)]
