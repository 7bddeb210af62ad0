"""A sandbox on a real port, and a receiver for its webhooks."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from dodopayments import DodoPayments
from flask import Flask, request
from werkzeug.serving import make_server

from creditsapp.sandbox import create_sandbox, sender

API_KEY = "sandbox-key"
SECRET = "whsec_c2FuZGJveC1zZWNyZXQtb2YtdGhlLXRlc3Rz"
PRODUCT = "pdt_sandbox_credits"


def serve(app: Flask) -> Iterator[str]:
    """Serve an app on a free port and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Receiver:
    """A shop's webhook route: remembers what came, answers the statuses it was told to."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies in the order in which they came."""
        return [json.loads(body) for _, body in self.received]

    @property
    def types(self) -> list[str]:
        """The event types in the order in which they came."""
        return [body["type"] for body in self.bodies]

    def take(self) -> tuple[str, int]:
        """Answer a webhook."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append((headers, request.get_data()))
        return "", self.answers.pop(0) if self.answers else 200


@dataclass
class Sandbox:
    """The sandbox under test, with what is needed to drive it."""

    app: Flask
    url: str
    receiver: Receiver
    sdk: DodoPayments
    browser: httpx.Client

    def checkout(self, quantity: int = 5, **arguments: Any) -> str:
        """Open a checkout session and return its id."""
        arguments.setdefault("customer", {"email": "ann@example.com", "name": "Ann"})
        arguments.setdefault("return_url", "http://shop.test/return?purchase=7")
        cart = [{"product_id": PRODUCT, "quantity": quantity}]
        return self.sdk.checkout_sessions.create(product_cart=cart, **arguments).session_id

    def pay(
        self, session_id: str, number: str = "4242 4242 4242 4242", **fields: str
    ) -> httpx.Response:
        """Send the card form of a session."""
        form = {"number": number, "expiry": "12/34", "cvc": "123", "name": "Ann", **fields}
        return self.browser.post(f"/session/{session_id}", data=form)

    def paid(self, quantity: int = 5, **fields: str) -> str:
        """Pay a new session and return the payment's id."""
        session_id = self.checkout(quantity)
        assert self.pay(session_id, **fields).status_code == 303
        return self.sdk.checkout_sessions.retrieve(session_id).payment_id

    def control(self, path: str, /, **body: Any) -> httpx.Response:
        """Press a button of the controls as a program."""
        return self.browser.post(f"/sandbox/{path}", json=body)

    def deliver(self, now: float | None = None) -> int:
        """Send the webhooks that are due."""
        return sender.deliver_due(self.app, now=now)


@pytest.fixture(scope="session")
def receiver_server() -> Iterator[Receiver]:
    """One receiver for all tests: each test empties it."""
    receiver = Receiver()
    app = Flask("receiver")
    app.add_url_rule("/hook", view_func=lambda: receiver.take(), methods=["POST"])
    for url in serve(app):
        receiver.url = f"{url}/hook"
        yield receiver


@pytest.fixture
def receiver(receiver_server: Receiver) -> Receiver:
    """A receiver that has received nothing yet."""
    receiver_server.received.clear()
    receiver_server.answers.clear()
    return receiver_server


@pytest.fixture
def app(tmp_path: Path, receiver: Receiver) -> Flask:
    """A sandbox whose waits are 50 times shorter."""
    return create_sandbox(
        database=tmp_path / "sandbox.sqlite",
        api_key=API_KEY,
        webhook_secret=SECRET,
        webhook_url=receiver.url,
        clock=50,
    )


@pytest.fixture
def sandbox(app: Flask, receiver: Receiver) -> Iterator[Sandbox]:
    """The sandbox on a real port, driven by Dodo's SDK and a browser without redirects."""
    for url in serve(app):
        with (
            DodoPayments(bearer_token=API_KEY, base_url=url, max_retries=0) as sdk,
            httpx.Client(base_url=url, trust_env=False) as browser,
        ):
            yield Sandbox(app, url, receiver, sdk, browser)
