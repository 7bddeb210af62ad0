"""The one place that calls Dodo: deadlines, repeats, the breaker, and what a failure means.

The vendor's SDK is in between, and its surprises are dealt with here: live mode is its default, it
repeats POSTs, it follows redirects with them, and it does not validate answers.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import httpx
from dodopayments import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    DefaultHttpxClient,
    DodoPayments,
    DodoPaymentsError,
)

from creditsapp.dodo.breaker import Breaker
from creditsapp.dodo.deadline import bounded, until
from creditsapp.dodo.errors import (
    Declined,
    DodoFailed,
    KeyRefused,
    NotAsked,
    NotKnown,
    NotSent,
    TooMany,
)

log = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0
REPEAT_SECONDS = 0.2
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_KINDS: dict[int, type[Declined]] = {
    401: KeyRefused,
    403: KeyRefused,
    404: NotKnown,
    429: TooMany,
}

T = TypeVar("T")


class RawAnswer(Protocol):
    """What the SDK's `with_raw_response` returns."""

    @property
    def http_response(self) -> httpx.Response: ...


Call = Callable[[httpx.Timeout], RawAnswer]
Read = Callable[[httpx.Response], T]


class Caller:
    """One address of Dodo, with its key and its breaker."""

    def __init__(self, *, api_key: str, base_url: str, sandbox: bool) -> None:
        self.base_url = base_url
        self.breaker = Breaker()
        self.sdk = DodoPayments(
            bearer_token=api_key,
            base_url=base_url,
            max_retries=0,
            http_client=bounded(DefaultHttpxClient(follow_redirects=False)),
        )
        self._sandbox = sandbox

    def ask(self, deadline: float, call: Call, read: Read[T]) -> T:
        """Ask before a deadline of the monotonic clock; once more if that may help in time."""
        try:
            return self.once(deadline, call, read)
        except DodoFailed as failure:
            wait = failure.passes_in
            if wait is None or time.monotonic() + wait >= deadline:
                raise
        time.sleep(wait)
        return self.once(deadline, call, read)

    def once(self, deadline: float, call: Call, read: Read[T]) -> T:
        """Send one request, no more; return what `read` makes of the answer or raise DodoFailed."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise NotAsked("there was no time left to ask")
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        try:
            with self.breaker.attempt(), until(deadline):
                return read(self._answer(call, timeout))
        except DodoFailed as failure:
            level = logging.INFO if isinstance(failure, NotKnown) else logging.WARNING
            log.log(level, "Dodo failed: %s", failure.detail)
            raise

    def _answer(self, call: Call, timeout: httpx.Timeout) -> httpx.Response:
        try:
            response = call(timeout).http_response
        except APIStatusError as error:
            self._check_sandbox(error.response)
            raise _refusal(error) from error
        except APIConnectionError as error:
            raise _lost(error) from error
        except DodoPaymentsError as error:
            raise DodoFailed(f"{type(error).__name__}: {error.args[0]}") from error
        except ValueError as error:  # an id or a key that can be in no request
            raise NotAsked(f"it cannot be asked: {error}") from error
        self._check_sandbox(response)
        return response

    def _check_sandbox(self, response: httpx.Response) -> None:
        if not self._sandbox and "x-dodo-sandbox" in response.headers:
            raise DodoFailed(f"{self.base_url} is a sandbox, but real payments are set up")


def _refusal(error: APIStatusError) -> DodoFailed:
    status, headers = error.status_code, error.response.headers
    if status >= 500:
        return DodoFailed(
            f"it answered {status}", passes_in=_retry_after(headers) or REPEAT_SECONDS
        )
    if status < 400 or status == 408:  # 408: a proxy may say so after it has passed the request on
        return DodoFailed(f"it answered {status}")
    body = error.body if isinstance(error.body, dict) else {}
    kind = _KINDS.get(status, Declined)
    return kind(
        status,
        _short(body.get("code")) or f"HTTP_{status}",
        _short(body.get("message")),
        passes_in=_retry_after(headers) if status == 429 else None,
    )


def _retry_after(headers: httpx.Headers) -> float | None:
    """The seconds that a Retry-After header asks for: a number of them, or a date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return float(value)
    moment = _moment(value)
    return None if moment is None else max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _short(value: object) -> str:
    """Words of Dodo's, fit for a log and for a terminal."""
    text = value if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable())[:200]


def _lost(error: APIConnectionError) -> DodoFailed:
    cause = error.__cause__
    detail = f"{type(cause).__name__}: {cause}"
    if isinstance(cause, _BEFORE_SENDING):
        passing = not isinstance(error, APITimeoutError)
        return NotSent(detail, passes_in=REPEAT_SECONDS if passing else None)
    if isinstance(error, APITimeoutError):
        return DodoFailed("it did not answer in time")
    return DodoFailed(detail, passes_in=REPEAT_SECONDS)


def clock_of(response: httpx.Response) -> datetime:
    """When Dodo answered, by its own clock to the second; by ours where it does not say."""
    return _moment(response.headers.get("date", "")) or datetime.now(UTC)


def _moment(date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
