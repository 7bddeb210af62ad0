"""What the app asks of Dodo: to sell, to refund, and to tell what it knows."""

from dataclasses import dataclass
from typing import Any

import httpx

from creditsapp.dodo.addresses import trusted
from creditsapp.dodo.answers import read_object, text
from creditsapp.dodo.breaker import State
from creditsapp.dodo.caller import Caller
from creditsapp.dodo.errors import (
    Declined,
    DodoFailed,
    NotKnown,
    NotSent,
    RefundRefused,
    RefundUnknown,
)
from creditsapp.dodo.records import Records

LONGEST_ADDRESS = 2000


@dataclass(frozen=True)
class Buyer:
    """Who pays, as Dodo is told."""

    user_id: int
    email: str
    name: str


class DodoClient(Records):
    """The few calls that the app makes; each raises DodoFailed unless it says otherwise."""

    def __init__(self, *, api_key: str, base_url: str, product_id: str, sandbox: bool) -> None:
        super().__init__(Caller(api_key=api_key, base_url=base_url, sandbox=sandbox), product_id)
        self.base_url = base_url

    @property
    def breaker(self) -> State:
        """Whether Dodo is left alone just now."""
        return self._caller.breaker.state

    def create_customer(self, buyer: Buyer, *, deadline: float) -> str:
        """Make a customer; return Dodo's id of it. `deadline` is of the monotonic clock."""
        create = self._sdk.customers.with_raw_response.create
        return self._caller.ask(
            deadline,
            lambda wait: create(
                email=buyer.email,
                name=buyer.name or buyer.email,
                metadata={"user_id": str(buyer.user_id)},
                timeout=wait,
            ),
            lambda response: text(read_object(response), "customer_id"),
        )

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

        def create(customer: dict[str, str]) -> tuple[str, str]:
            return self._caller.ask(
                deadline,
                lambda wait: self._sdk.checkout_sessions.with_raw_response.create(
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
                    timeout=wait,
                ),
                self._session,
            )

        if customer_id is None:
            return create(by_email)
        try:
            return create({"customer_id": customer_id})
        except NotKnown:
            return create(by_email)

    def _session(self, response: httpx.Response) -> tuple[str, str]:
        session = read_object(response)
        url = text(session, "checkout_url", LONGEST_ADDRESS)
        return text(session, "session_id"), trusted(url, self.base_url)

    def create_refund(
        self,
        payment_id: str,
        *,
        items: list[dict[str, Any]] | None,
        currency: str | None,
        reason: str,
        metadata: dict[str, str],
        deadline: float,
    ) -> dict[str, Any]:
        """Ask once for a refund, of all that is left or of `items`; return it.

        Raise RefundRefused when it was certainly not made, and RefundUnknown when it may have been.
        """
        order: dict[str, Any] = {"payment_id": payment_id, "reason": reason, "metadata": metadata}
        order |= {} if items is None else {"items": items}
        order |= {} if currency is None else {"currency": currency}
        create = self._sdk.refunds.with_raw_response.create
        try:
            return self._caller.once(
                deadline,
                lambda wait: create(**order, timeout=wait),
                _refund,
            )
        except Declined as error:
            raise RefundRefused(error.provider_code, error.message or error.detail) from error
        except NotSent as error:
            raise RefundRefused("NOT_SENT", error.detail) from error
        except DodoFailed as error:
            raise RefundUnknown(error.detail) from error

    def portal_link(self, customer_id: str, return_url: str, *, deadline: float) -> str:
        """A link with which a customer sees their own payments at Dodo, without signing in."""
        create = self._sdk.customers.customer_portal.with_raw_response.create
        return self._caller.ask(
            deadline,
            lambda wait: create(customer_id, return_url=return_url, send_email=False, timeout=wait),
            lambda response: trusted(
                text(read_object(response), "link", LONGEST_ADDRESS), self.base_url
            ),
        )


def _refund(response: httpx.Response) -> dict[str, Any]:
    refund = read_object(response)
    text(refund, "refund_id")
    return refund
