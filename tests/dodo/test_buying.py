"""Customers and checkouts through the vendor's SDK, at a Dodo that misbehaves in every way."""

import socket
import time

import pytest

from creditsapp.dodo.client import Buyer, DodoClient
from creditsapp.services.errors import ProviderUnavailable
from tests.dodo.conftest import client, pay, soon
from tests.dodo.server import answer

BUYER = Buyer(7, "ada@example.com", "Ada")
GOOD = {
    "session_id": "cks_1",
    "checkout_url": "https://test.checkout.dodopayments.com/session/cks_1",
}


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


def test_customer_checkout_and_payment_in_the_sandbox(sandbox):
    dodo = client(sandbox)
    customer = dodo.create_customer(BUYER, deadline=soon())
    session_id, url = checkout(dodo, customer)
    assert session_id in url
    payment = dodo.payment(pay(url), deadline=soon()).data
    assert (payment["status"], payment["total_amount"]) == ("succeeded", 500)
    assert payment["customer"]["customer_id"] == customer
    assert payment["metadata"]["purchase_id"] == "p-1"
    assert payment["checkout_session_id"] == session_id


def test_a_checkout_closes_the_doors_to_other_prices(stub):
    stub.answers = [answer(GOOD)]
    assert checkout(client(stub)) == (GOOD["session_id"], GOOD["checkout_url"])
    ((_method, path, body),) = stub.requests
    assert path == "/checkouts"
    assert body["product_cart"] == [{"product_id": "pdt_sandbox_credits", "quantity": 5}]
    assert body["customer"] == {"email": "ada@example.com", "name": "Ada"}
    assert set(body["feature_flags"].values()) == {False}
    assert all(isinstance(value, str) for value in body["metadata"].values())


def test_a_customer_that_dodo_forgot_is_replaced_by_the_address(stub):
    stub.answers = [answer({"code": "NOT_FOUND", "message": "no"}, 404), answer(GOOD)]
    checkout(client(stub), "cus_of_another_account")
    assert [body["customer"] for _method, _path, body in stub.requests] == [
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
    for where in ("X-Trickle", "X-Trickle-Body"):
        stub.answers = [answer(GOOD, **{where: "yes"})]
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable):
            checkout(client(stub), seconds=1)
        assert time.monotonic() - began < 1.5


def test_nobody_listening_is_unavailable(nobody):
    with pytest.raises(ProviderUnavailable):
        checkout(nobody)


def test_a_sandbox_is_refused_where_real_payments_are_set_up(sandbox):
    with pytest.raises(ProviderUnavailable):
        checkout(client(sandbox, sandbox=False))


def test_a_short_wait_that_dodo_asks_for_is_waited_for(stub):
    stub.answers = [answer({}, 429, **{"Retry-After": "1"}), answer(GOOD)]
    assert checkout(client(stub))[0] == "cks_1"


def test_a_redirect_is_not_followed(stub):
    stub.answers = [answer({}, 307, Location=stub.url + "/elsewhere")]
    with pytest.raises(ProviderUnavailable):
        checkout(client(stub))
    assert stub.paths() == ["/checkouts"]


def test_a_portal_link_is_checked_like_a_checkout_address(stub):
    dodo, link = client(stub), "https://customer.dodopayments.com/session/s_1"
    stub.answers = [answer({"link": link}), answer({"link": "https://evil.example/s_1"})]
    assert dodo.portal_link("cus_1", "https://x.example/", deadline=soon()) == link
    assert stub.paths() == ["/customers/cus_1/customer-portal/session"]
    with pytest.raises(ProviderUnavailable):
        dodo.portal_link("cus_1", "https://x.example/", deadline=soon())


@pytest.fixture
def named(stub, monkeypatch):
    """A client that knows the server by name, and a function that says how the name resolves."""
    resolve = socket.getaddrinfo

    def resolves(look_up):
        def getaddrinfo(host, *args, **options):
            return look_up() if host == "dodo.test" else resolve(host, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    base_url = f"http://dodo.test:{stub.server_port}"
    return DodoClient(api_key="k", base_url=base_url, product_id="p", sandbox=True), resolves


def test_a_name_that_is_not_resolved_in_time_is_given_up(named):
    dodo, resolves = named
    resolves(lambda: time.sleep(3) or [])
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        checkout(dodo, seconds=0.5)
    assert time.monotonic() - began < 1


def test_the_next_address_of_a_name_is_tried(named, stub):
    """The first refuses, the second is silent, the third is Dodo."""
    dodo, resolves = named
    resolves(lambda: [(0, 0, 0, "", (f"127.0.0.{last}", 0)) for last in (3, 2, 1)])
    stub.answers = [answer(GOOD)]
    with socket.create_server(("127.0.0.2", stub.server_port), backlog=0) as silent:
        with socket.create_connection(silent.getsockname()):
            assert checkout(dodo, seconds=2)[0] == "cks_1"
