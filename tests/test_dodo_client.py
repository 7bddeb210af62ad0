"""Dodo through the vendor's SDK: against the sandbox, and against a server that misbehaves."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from werkzeug.serving import make_server

from creditsapp.dodo.client import Buyer, DodoClient
from creditsapp.sandbox import create_sandbox
from creditsapp.services.errors import ProviderUnavailable
from tests.servers import WEBHOOK_SECRET

BUYER = Buyer(7, "ada@example.com", "Ada")
GOOD = {
    "session_id": "cks_1",
    "checkout_url": "https://test.checkout.dodopayments.com/session/cks_1",
}


def serving(server):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox(tmp_path):
    """The sandbox on a port of its own."""
    app = create_sandbox(
        database=tmp_path / "sandbox.db",
        api_key=None,
        webhook_secret=WEBHOOK_SECRET,
        webhook_url="http://127.0.0.1:9/",
    )
    yield from serving(make_server("127.0.0.1", 0, app, threaded=True))


class Stub(ThreadingHTTPServer):
    """Answers each request with the next of `answers`: (status, headers, body, seconds to wait)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests = [], []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, json.loads(body)))
        status, headers, answer, wait = self.server.answers.pop(0)
        time.sleep(wait)
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.trickle(answer) if "X-Trickle" in headers else self.wfile.write(answer)
        except BrokenPipeError:
            pass

    def trickle(self, answer):
        for byte in answer:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, *_args):
        pass


@pytest.fixture
def stub():
    yield from serving(Stub())


def client(server, *, sandbox=True):
    return DodoClient(
        api_key="key",
        base_url=f"http://127.0.0.1:{server.server_port}",
        product_id="pdt_sandbox_credits",
        sandbox=sandbox,
    )


def checkout(dodo, customer_id=None, seconds=5.0):
    return dodo.create_checkout(
        BUYER,
        customer_id=customer_id,
        dollars=5,
        purchase_id="p-1",
        success_url="http://127.0.0.1:9/credits/success?purchase=p-1",
        cancel_url="http://127.0.0.1:9/credits/purchase?cancelled=p-1",
        deadline=time.monotonic() + seconds,
    )


def answer(body, status=200, wait=0.0, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, headers, raw, wait


def test_customer_checkout_and_payment_in_the_sandbox(sandbox):
    import httpx

    dodo = client(sandbox)
    customer = dodo.create_customer(BUYER, deadline=time.monotonic() + 5)
    session_id, url = checkout(dodo, customer)
    assert session_id in url
    fields = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    paid = httpx.post(url, data=fields)
    payment_id = paid.headers["location"].split("payment_id=")[1].split("&")[0]
    payment = dodo.payment(payment_id, deadline=time.monotonic() + 5)
    assert (payment["status"], payment["total_amount"]) == ("succeeded", 500)
    assert payment["customer"]["customer_id"] == customer
    assert payment["metadata"]["purchase_id"] == "p-1"
    assert payment["checkout_session_id"] == session_id


def test_a_checkout_closes_the_doors_to_other_prices(stub):
    stub.answers = [answer(GOOD)]
    assert checkout(client(stub)) == (GOOD["session_id"], GOOD["checkout_url"])
    ((path, body),) = stub.requests
    assert path == "/checkouts"
    assert body["product_cart"] == [{"product_id": "pdt_sandbox_credits", "quantity": 5}]
    assert body["customer"] == {"email": "ada@example.com", "name": "Ada"}
    assert set(body["feature_flags"].values()) == {False}
    assert all(isinstance(value, str) for value in body["metadata"].values())


def test_a_customer_that_dodo_forgot_is_replaced_by_the_address(stub):
    stub.answers = [answer({"code": "NOT_FOUND", "message": "no"}, 404), answer(GOOD)]
    checkout(client(stub), "cus_of_another_account")
    assert [body["customer"] for _, body in stub.requests] == [
        {"customer_id": "cus_of_another_account"},
        {"email": "ada@example.com", "name": "Ada"},
    ]


def test_one_passing_failure_is_tried_again(stub):
    stub.answers = [answer({}, 500), answer(GOOD)]
    assert checkout(client(stub))[0] == "cks_1"


@pytest.mark.parametrize(
    "bad",
    [
        answer({}, 401),
        answer({"code": "X"}, 422),
        answer({}, 429, **{"Retry-After": "60"}),
        answer(b"<html>hello</html>", **{"Content-Type": "text/html"}),
        answer(b'{"session_id": "cks_1", "checkout_u'),
        answer([]),
        answer({}),
        answer({"session_id": 5, "checkout_url": GOOD["checkout_url"]}),
        answer(GOOD | {"checkout_url": None}),
        answer(GOOD | {"checkout_url": "javascript:alert(1)"}),
        answer(GOOD | {"checkout_url": "http://test.checkout.dodopayments.com/session/x"}),
        answer(GOOD | {"checkout_url": "https://evil.example/session/x"}),
        answer(GOOD | {"checkout_url": "https://dodopayments.com.evil.example/x"}),
        answer(GOOD | {"checkout_url": "https://dodopayments.com@evil.example/x"}),
        answer(GOOD | {"checkout_url": "//evil.example/x"}),
        answer(GOOD | {"checkout_url": "https://[broken"}),
        answer(GOOD | {"checkout_url": "https://evil.example\\.dodopayments.com/x"}),
        answer(GOOD | {"checkout_url": "https://evil.example\t.dodopayments.com/x"}),
        answer(GOOD | {"session_id": "cks_\ud800"}),
        answer(GOOD | {"session_id": "cks_\0"}),
        answer(GOOD | {"session_id": "x" * 256}),
        answer(b"[" * 100_000),
    ],
)
def test_nonsense_is_unavailable_and_not_repeated(stub, bad):
    stub.answers = [bad]
    with pytest.raises(ProviderUnavailable):
        checkout(client(stub))
    assert len(stub.requests) == 1


def test_two_failures_are_enough(stub):
    stub.answers = [answer({}, 503), answer({}, 503)]
    with pytest.raises(ProviderUnavailable):
        checkout(client(stub))


def test_a_slow_answer_is_waited_for_until_the_deadline_and_no_longer(stub):
    stub.answers = [answer(GOOD, wait=0.3), answer(GOOD, wait=3)]
    assert checkout(client(stub), seconds=2)[0] == "cks_1"
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        checkout(client(stub), seconds=0.5)
    assert time.monotonic() - began < 2.5


def test_an_answer_that_trickles_in_is_given_up_at_the_deadline(stub):
    stub.answers = [answer(GOOD, **{"X-Trickle": "yes"})]
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        checkout(client(stub), seconds=1)
    assert time.monotonic() - began < 5


def test_nobody_listening_is_unavailable():
    dodo = DodoClient(api_key="k", base_url="http://127.0.0.1:9", product_id="p", sandbox=True)
    with pytest.raises(ProviderUnavailable):
        checkout(dodo)


def test_a_sandbox_is_refused_where_real_payments_are_set_up(sandbox):
    with pytest.raises(ProviderUnavailable):
        checkout(client(sandbox, sandbox=False))
