"""How often things may be done, counted by account and by address; all limits are at the end.

A count begins with the first of what it counts, and begins anew when its time is over.
"""

import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RateLimitExceeded, RequestLimit
from flask_login import current_user
from limits import parse
from redis.backoff import NoBackoff
from redis.retry import Retry

from creditsapp.error_words import duration
from creditsapp.logs.notes import note
from creditsapp.services.addresses import InvalidEmail, inbox, normalised
from creditsapp.services.errors import ServiceError
from creditsapp.services.passwords import WrongPassword
from creditsapp.settings import Settings
from creditsapp.translation import gettext as _

PATIENCE = 0.5  # seconds for Redis, before each process counts by itself for a while


def _client() -> str:
    """The address that asks; of IPv6 its /64, which one household or machine has to itself."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address) >> 64 << 64))


def _user() -> str:
    return str(current_user.id)


def _email() -> str:
    """The address that was typed, known here or not."""
    return _hidden(_typed_address())


def _mailbox() -> str:
    """As `_email`, one for all spellings of addresses that lead to one mailbox."""
    return _hidden(inbox(_typed_address()))


def _typed_address() -> str:
    typed = request.form.get("email", "")
    try:
        return normalised(typed)
    except InvalidEmail:
        return typed.strip().casefold()


def _hidden(typed: str) -> str:
    """A keyed hash: the storage shall not hold an address itself."""
    secret = hashlib.sha256(current_app.config["SECRET_KEY"].encode()).digest()
    written = typed.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(written, key=secret, digest_size=16).hexdigest()


_KEYS: dict[str, Callable[[], str]] = {
    "client": _client,
    "user": _user,
    "email": _email,
    "mailbox": _mailbox,
}
_limiter = Limiter(_client, strategy="fixed-window", in_memory_fallback_enabled=True)
logging.getLogger("flask-limiter").setLevel(logging.WARNING)  # it would tell addresses


class TooManyRequests(ServiceError):
    """Something was done too often; it works again after some seconds."""

    code = "too_many_requests"
    status = 429

    def __init__(self, seconds: int) -> None:
        self.retry_after = seconds
        words = _(
            "That was too often in a short time. Nothing was done. Try again in %(time)s.",
            time=duration(seconds),
        )
        super().__init__(words)


class Limit:
    """How often one thing may be done, for each kind of key.

    Called, it counts once, or raises TooManyRequests.
    """

    def __init__(self, name: str, **amounts: str) -> None:
        self._name = name
        self._parts = [
            (parse(amount), _KEYS[kind], f"{name}:{kind}") for kind, amount in amounts.items()
        ]

        def count() -> None:
            """What the limiter counts; it knows functions by their names."""

        count.__name__ = count.__qualname__ = name
        for kind, amount in amounts.items():
            count = _limiter.shared_limit(amount, f"{name}:{kind}", key_func=_KEYS[kind])(count)
        self._count = count

    def __call__(self) -> None:
        try:
            self._count()
        except RateLimitExceeded:
            g.wait = self._wait()
            note(limit=self._name)
            raise TooManyRequests(g.wait) from None

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Count what is done inside only if it raises WrongPassword.

        It is counted before and given back after: of many at once, no more than that get in.
        """
        counted: list[RequestLimit] = []
        try:
            try:
                self()
            finally:
                counted = list(_limiter.current_limits)
            yield
        except WrongPassword:
            counted = []
            raise
        finally:
            _give_back(counted)

    def _wait(self) -> int:
        """The seconds until none of its counts is full; Redis rounds to whole ones."""
        now = time.time()
        full = [now]
        with suppress(_limiter.storage.base_exceptions):
            for limit, key, scope in self._parts:
                until, left = _limiter.limiter.get_window_stats(limit, key(), scope)
                full += [until] if left <= 0 else []
        return max(1, math.ceil(max(full) - now + 0.5))


def _give_back(counted: list[RequestLimit]) -> None:
    with suppress(_limiter.storage.base_exceptions):
        for each in counted:
            _limiter.limiter.hit(each.limit, *each.request_args, cost=-1)


def init_app(app: Flask) -> None:
    """Count where the settings say, and tell who was refused when it works again."""
    settings: Settings = app.extensions["creditsapp"].settings
    app.config["RATELIMIT_STORAGE_URI"] = settings.ratelimit_storage_uri
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 1),  # a kept connection may have ended meanwhile
    }
    _limiter.init_app(app)

    @app.after_request
    def tell_when(response: Response) -> Response:
        if response.status_code == 429 and "wait" in g:
            response.headers["Retry-After"] = str(g.wait)
        return response


# The client first: whom it refuses cannot fill the storage with other people's keys.
register = Limit("register", client="100 per hour", mailbox="10 per hour")
sign_in = Limit("sign_in", client="100 per 15 minutes", email="10 per 15 minutes")
password = Limit("password", user="10 per 15 minutes")
reset = Limit("reset", client="20 per hour", email="5 per hour")
link = Limit("link", client="100 per hour")
mail = Limit("mail", user="5 per hour")
purchase = Limit("purchase", user="100 per hour")
provider = Limit("provider", user="60 per hour")
operation = Limit("operation", user="300 per minute")
read = Limit("read", user="1200 per minute")
webhook = Limit("webhook", client="6000 per minute")
