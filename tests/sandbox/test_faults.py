"""Faults of the API, over real connections."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from dodopayments import APIConnectionError, InternalServerError, RateLimitError
from flask import Flask

from creditsapp.sandbox import create_sandbox

from .conftest import API_KEY, PRODUCT, SECRET, Sandbox


def ask(sandbox: Sandbox, path: str = "/payments", method: str = "GET", **given: Any) -> Any:
    """Ask the API without the SDK."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return sandbox.browser.request(method, path, headers=headers, **given)


def test_a_rate_limit_tells_how_long_to_wait(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="rate_limit", seconds=7)
    with pytest.raises(RateLimitError) as refused:
        sandbox.sdk.payments.list()
    headers = refused.value.response.headers
    assert refused.value.body["code"] == "TOO_MANY_REQUESTS"
    assert (headers["Retry-After"], headers["X-RateLimit-Remaining"]) == ("7", "0")
    assert headers["X-RateLimit-Limit"] and headers["X-RateLimit-Reset"]


def test_an_error_ends_after_the_times_that_were_asked_for(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="error", times=2)
    for _ in range(2):
        with pytest.raises(InternalServerError):
            sandbox.sdk.payments.list()
    assert sandbox.sdk.payments.list().items == []


def test_exactly_so_many_of_simultaneous_requests_fail(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="error", times=5)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(sandbox).status_code, range(20)))
    assert sorted(answers) == [200] * 15 + [500] * 5


def test_another_status_can_be_asked_for(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="error", status=503)
    assert ask(sandbox).status_code == 503


def test_a_slow_answer_comes_after_the_work_is_done(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="slow", seconds=4)
    with pytest.raises(httpx.ReadTimeout):
        ask(sandbox, "/customers", "POST", json={"email": "a@b.c", "name": "A"}, timeout=1.5)
    sandbox.control("faults/reset")
    assert len(sandbox.sdk.customers.list().items) == 1


def test_html_comes_instead_of_json(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="html")
    answer = ask(sandbox)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in answer.text


def test_half_an_answer_ends_with_the_connection(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
        ask(sandbox)


@pytest.mark.parametrize(("fault", "customers"), [("disconnect", 0), ("lose_answer", 1)])
def test_without_an_answer_the_work_is_done_or_not(
    sandbox: Sandbox, fault: str, customers: int
) -> None:
    sandbox.control("faults", fault=fault, times=1)
    with pytest.raises(APIConnectionError):
        sandbox.sdk.customers.create(email="ann@example.com", name="Ann")
    assert len(sandbox.sdk.customers.list().items) == customers


def test_values_have_other_types(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    sandbox.control("faults", fault="wrong_types")
    payment = ask(sandbox, f"/payments/{payment_id}").json()
    assert payment["total_amount"] == "500"
    assert isinstance(payment["status"], int)
    assert isinstance(payment["product_cart"], dict)


def test_a_checkout_leads_elsewhere(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="bad_checkout_url", url="javascript:alert(1)")
    cart = [{"product_id": PRODUCT, "quantity": 1}]
    created = sandbox.sdk.checkout_sessions.create(product_cart=cart)
    assert created.checkout_url == "javascript:alert(1)"
    sandbox.control("faults/reset")
    sandbox.control("faults", fault="bad_checkout_url")
    created = sandbox.sdk.checkout_sessions.create(product_cart=cart)
    assert created.checkout_url.startswith("https://checkout.example.net/")


def test_a_fault_is_for_a_path_and_a_method(sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="error", path="/customers", method="post")
    assert ask(sandbox).status_code == 200
    assert ask(sandbox, "/customers").status_code == 200
    assert ask(sandbox, "/customers", "POST", json={}).status_code == 500


def test_faults_leave_the_checkout_and_the_controls_alone(sandbox: Sandbox) -> None:
    session_id = sandbox.checkout()
    sandbox.control("faults", fault="error")
    assert sandbox.browser.get(f"/session/{session_id}").status_code == 200
    assert sandbox.pay(session_id).status_code == 303
    assert "Server error" in sandbox.browser.get("/sandbox/").text


@pytest.mark.parametrize("way", [("DELETE", "faults"), ("POST", "faults/reset"), ("POST", "reset")])
def test_faults_are_cleared(sandbox: Sandbox, way: tuple[str, str]) -> None:
    made = sandbox.control("faults", fault="slow", seconds=300).json()
    assert sandbox.browser.get("/sandbox/faults").json()["items"] == [made]
    assert sandbox.browser.request(way[0], f"/sandbox/{way[1]}").is_success or way[0] == "POST"
    assert sandbox.browser.get("/sandbox/faults").json()["items"] == []


def test_another_process_has_the_fault_too(sandbox: Sandbox, app: Flask) -> None:
    sandbox.control("faults", fault="error")
    other = create_sandbox(
        database=app.extensions["sandbox"].store.path,
        api_key=API_KEY,
        webhook_secret=SECRET,
        webhook_url=None,
    )
    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert other.test_client().get("/payments", headers=headers).status_code == 500


def test_a_form_breaks_and_mends_the_api(sandbox: Sandbox) -> None:
    form = {"fault": "error", "path": "", "method": "", "times": "", "seconds": ""}
    answer = sandbox.browser.post("/sandbox/faults", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sandbox/#on-now")
    assert ask(sandbox).status_code == 500
    assert "Switched on now" in sandbox.browser.get("/sandbox/").text
    sandbox.browser.post("/sandbox/faults/reset")
    assert "Switched on now" not in sandbox.browser.get("/sandbox/").text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fault": "fire"},
        {"fault": "error", "times": 0},
        {"fault": "error", "times": "x"},
        {"fault": "error", "path": "refunds"},
        {"fault": "error", "method": "BREW"},
        {"fault": "slow", "seconds": 301},
        {"fault": "slow", "seconds": "nan"},
        {"fault": "error", "status": 99},
    ],
)
def test_a_wrong_fault_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    assert sandbox.control("faults", **body).status_code == 422
    assert sandbox.browser.get("/sandbox/faults").json()["items"] == []


def test_every_answer_has_a_date(sandbox: Sandbox) -> None:
    assert ask(sandbox).headers["Date"].endswith("GMT")
