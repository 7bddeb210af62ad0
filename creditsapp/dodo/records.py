"""What Dodo knows: payments, refunds, disputes, and how it is set up."""

from datetime import datetime
from typing import Any, Literal

import httpx

from creditsapp.dodo.answers import (
    Answer,
    Page,
    objects,
    pdf,
    read_answer,
    read_object,
    read_page,
    text,
)
from creditsapp.dodo.caller import Caller

PAGE_SIZE = 100
MOST_ENDPOINT_PAGES = 20

Kind = Literal["payments", "refunds", "disputes"]


class Records:
    """Reads, each before a `deadline` of the monotonic clock; they raise NotKnown or DodoFailed."""

    def __init__(self, caller: Caller, product_id: str) -> None:
        self.product_id = product_id
        self._caller, self._sdk = caller, caller.sdk

    def payment(self, payment_id: str, *, deadline: float) -> Answer:
        """A payment, as its webhook's `data` would have it."""
        get = self._sdk.payments.with_raw_response.retrieve
        return self._caller.ask(deadline, lambda wait: get(payment_id, timeout=wait), read_answer)

    def refund(self, refund_id: str, *, deadline: float) -> Answer:
        """A refund, as its webhook's `data` would have it."""
        get = self._sdk.refunds.with_raw_response.retrieve
        return self._caller.ask(deadline, lambda wait: get(refund_id, timeout=wait), read_answer)

    def dispute(self, dispute_id: str, *, deadline: float) -> Answer:
        """A dispute, as its webhook's `data` would have it."""
        get = self._sdk.disputes.with_raw_response.retrieve
        return self._caller.ask(deadline, lambda wait: get(dispute_id, timeout=wait), read_answer)

    def line_items(self, payment_id: str, *, deadline: float) -> dict[str, Any]:
        """What a payment was for, and how much of it can still be refunded."""
        get = self._sdk.payments.with_raw_response.retrieve_line_items
        return self._caller.ask(deadline, lambda wait: get(payment_id, timeout=wait), read_object)

    def checkout(self, session_id: str, *, deadline: float) -> dict[str, Any]:
        """How far a checkout session has come."""
        get = self._sdk.checkout_sessions.with_raw_response.retrieve
        return self._caller.ask(deadline, lambda wait: get(session_id, timeout=wait), read_object)

    def page(self, kind: Kind, number: int, *, since: datetime | None, deadline: float) -> Page:
        """One page of what was made since; page 0 is the first, and a short page the last."""
        resource: Any = getattr(self._sdk, kind)
        query: dict[str, Any] = {"page_number": number, "page_size": PAGE_SIZE}
        if since is not None:
            query["created_at_gte"] = since
        return self._caller.ask(
            deadline,
            lambda wait: resource.with_raw_response.list(**query, timeout=wait),
            read_page,
        )

    def product(self, *, deadline: float) -> dict[str, Any]:
        """The product that is sold."""
        get = self._sdk.products.with_raw_response.retrieve
        return self._caller.ask(
            deadline, lambda wait: get(self.product_id, timeout=wait), read_object
        )

    def webhook_endpoints(self, *, deadline: float) -> list[dict[str, Any]]:
        """Every webhook endpoint."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        for _page in range(MOST_ENDPOINT_PAGES):
            answer = self._endpoint_page(cursor, deadline)
            rows = objects(answer, "data")
            found += rows
            iterator = answer.get("iterator")
            if answer.get("done") is not False or not rows or not isinstance(iterator, str):
                return found
            cursor = {"iterator": iterator}
        return found

    def _endpoint_page(self, cursor: dict[str, Any], deadline: float) -> dict[str, Any]:
        def read(response: httpx.Response) -> dict[str, Any]:
            answer = read_object(response)
            objects(answer, "data")
            return answer

        rows = self._sdk.webhooks.with_raw_response.list
        return self._caller.ask(deadline, lambda wait: rows(**cursor, timeout=wait), read)

    def webhook_secret(self, endpoint_id: str, *, deadline: float) -> str:
        """The secret that an endpoint's webhooks are signed with."""
        get = self._sdk.webhooks.with_raw_response.retrieve_secret
        return self._caller.ask(
            deadline,
            lambda wait: get(endpoint_id, timeout=wait),
            lambda response: text(read_object(response), "secret"),
        )

    def invoice(self, payment_id: str, *, deadline: float) -> bytes:
        """The invoice of a payment, a PDF."""
        get = self._sdk.invoices.payments.with_raw_response.retrieve
        return self._caller.ask(deadline, lambda wait: get(payment_id, timeout=wait), pdf)
