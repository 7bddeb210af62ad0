"""Clients of Dodo, the sandbox on a port of its own, and a server that answers as it is told."""

import threading
import time

import httpx
import pytest
from werkzeug.serving import make_server

from creditsapp.dodo.client import DodoClient
from creditsapp.sandbox import create_sandbox
from tests.dodo.server import dodo_server
from tests.servers import WEBHOOK_SECRET


@pytest.fixture
def sandbox(tmp_path):
    """The sandbox on a port of its own."""
    app = create_sandbox(
        database=tmp_path / "sandbox.db",
        api_key=None,
        webhook_secret=WEBHOOK_SECRET,
        webhook_url="http://127.0.0.1:9/",
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stub():
    with dodo_server() as server:
        yield server


def client(server, *, sandbox=True):
    return DodoClient(
        api_key="key",
        base_url=f"http://127.0.0.1:{server.server_port}",
        product_id="pdt_sandbox_credits",
        sandbox=sandbox,
    )


@pytest.fixture
def nobody():
    """A client of an address where nobody listens."""
    return DodoClient(api_key="k", base_url="http://127.0.0.1:9", product_id="p", sandbox=True)


def soon():
    """A deadline that is far enough away."""
    return time.monotonic() + 5


def pay(url):
    """Pay at the sandbox's checkout page; return the payment's id."""
    fields = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    paid = httpx.post(url, data=fields)
    return paid.headers["location"].split("payment_id=")[1].split("&")[0]
