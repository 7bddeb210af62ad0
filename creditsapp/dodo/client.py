"""Dodo's API through the vendor's SDK, wrapped once.

The SDK's surprises are dealt with here: live mode is its default, it repeats POSTs, and it does
not validate answers.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from dodopayments import (
    APIConnectionError,
    APITimeoutError,
    DefaultHttpxClient,
    DodoPayments,
    DodoPaymentsError,
    InternalServerError,
    NotFoundError,
)

from creditsapp.dodo.deadline import bound
from creditsapp.services.errors import ProviderUnavailable

log = logging.getLogger(__name__)

API_ADDRESSES = {
    "test_mode": "https://test.dodopayments.com",
    "live_mode": "https://live.dodopayments.com",
}
_PLAIN_ADDRESS = re.compile(r"[!-\[\]-~]+", re.ASCII)  # no backslash: browsers read it as a slash
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

T = TypeVar("T")


@dataclass(frozen=True)
class Buyer:
    """Who pays, as Dodo is told."""

    user_id: int
    email: str
    name: str


class SandboxAnswered(Exception):
    """The configured address is a sandbox, where real payments are expected."""


FAILURES = (DodoPaymentsError, httpx.HTTPError, ValueError, RecursionError, SandboxAnswered)


class DodoClient:
    """The few calls that the app makes; each raises ProviderUnavailable on any failure."""

    def __init__(self, *, api_key: str, base_url: str, product_id: str, sandbox: bool) -> None:
        self.product_id = product_id
        self.base_url = base_url
        self._sdk = DodoPayments(
            bearer_token=api_key,
            base_url=base_url,
            max_retries=0,
            http_client=DefaultHttpxClient(
                event_hooks={"response": [bound] if sandbox else [_refuse_sandbox, bound]}
            ),
        )

    def create_customer(self, buyer: Buyer, *, deadline: float) -> str:
        """Make a customer; return Dodo's id of it. `deadline` is of the monotonic clock."""
        customer = self._ask(
            deadline,
            lambda timeout: self._sdk.customers.create(
                email=buyer.email,
                name=buyer.name or buyer.email,
                metadata={"user_id": str(buyer.user_id)},
                timeout=timeout,
            ),
        )
        return _text(getattr(customer, "customer_id", None))

    def create_checkout(
        self,
        buyer: Buyer,
        *,
        customer_id: str | None,
        dollars: int,
        purchase_id: str,
        success_url: str,
        cancel_url: str,
        deadline: float,
    ) -> tuple[str, str]:
        """Open a hosted checkout; return its session id and address."""
        by_email = {"email": buyer.email, "name": buyer.name or buyer.email}

        def create(customer: dict[str, str]) -> Any:
            return self._ask(
                deadline,
                lambda timeout: self._sdk.checkout_sessions.create(
                    product_cart=[{"product_id": self.product_id, "quantity": dollars}],
                    customer=customer,  # type: ignore[arg-type]  # either of two dicts
                    return_url=success_url,
                    cancel_url=cancel_url,
                    metadata={"purchase_id": purchase_id, "user_id": str(buyer.user_id)},
                    feature_flags={
                        "allow_discount_code": False,
                        "allow_currency_selection": False,
                        "allow_customer_editing_email": False,
                    },
                    timeout=timeout,
                ),
            )

        try:
            session = create({"customer_id": customer_id} if customer_id else by_email)
        except CustomerNotFound:
            session = create(by_email)
        session_id = _text(getattr(session, "session_id", None))
        return session_id, self._checkout_address(getattr(session, "checkout_url", None))

    def payment(self, payment_id: str, *, deadline: float) -> dict[str, Any]:
        """A payment as Dodo knows it, unvalidated, as its webhook's `data` would have it."""
        payment = self._ask(
            deadline, lambda timeout: self._sdk.payments.retrieve(payment_id, timeout=timeout)
        )
        return payment.to_dict(mode="json")

    def _checkout_address(self, url: object) -> str:
        """A checkout address, if it leads where money may be paid."""
        text = _text(url, longest=2000)
        try:
            address = urlsplit(text)
        except ValueError:
            raise _unavailable() from None
        host = address.hostname or ""
        if not _PLAIN_ADDRESS.fullmatch(text) or "@" in address.netloc:
            host = ""
        secure = address.scheme == "https" or (address.scheme == "http" and host in _LOOPBACK)
        ours = host == urlsplit(self.base_url).hostname or host.endswith(".dodopayments.com")
        if not secure or not ours:
            log.error("Dodo answered with a checkout address that is not its own")
            raise _unavailable()
        return text

    def _ask(self, deadline: float, call: Callable[[float], T]) -> T:
        """Call Dodo before a deadline; once more after a passing failure, if time is left."""
        for last in (False, True):
            timeout = deadline - time.monotonic()
            if timeout <= 0:
                break
            try:
                return call(timeout)
            except NotFoundError as error:
                log.warning("Dodo does not know what was asked for: %s", error.message)
                raise CustomerNotFound(_MESSAGE) from error
            except FAILURES as error:
                log.warning("Dodo failed: %s: %s", type(error).__name__, error)
                passing = isinstance(error, InternalServerError | APIConnectionError)
                if last or not passing or isinstance(error, APITimeoutError):
                    raise _unavailable() from error
            time.sleep(0.2)
        raise _unavailable()


class CustomerNotFound(ProviderUnavailable):
    """Dodo does not know the customer, as when the account behind the key was changed."""


_MESSAGE = (
    "The payment provider does not answer just now. Nothing was charged,"
    " and your credits are as they were. Please try again in a few minutes."
)


def _unavailable() -> ProviderUnavailable:
    return ProviderUnavailable(_MESSAGE)


def _text(value: object, longest: int = 255) -> str:
    """A value that the SDK passed on unchecked, if it is a text that can be kept."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        log.error("Dodo answered without what was asked for")
        raise _unavailable()
    return value


def _refuse_sandbox(response: httpx.Response) -> None:
    if "x-dodo-sandbox" in response.headers:
        raise SandboxAnswered("DODO_PAYMENTS_BASE_URL is a sandbox, but real payments are set up")
