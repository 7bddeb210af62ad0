"""What happens to webhooks on their way, and webhooks with a body of one's own."""

import json
import time
from typing import Any

import pytest

from creditsapp.dodo.signature import InvalidSignature, verify

from .conftest import SECRET, Sandbox


def is_genuine(received: tuple[dict[str, str], bytes]) -> bool:
    """Whether a shop would take a webhook."""
    headers, body = received
    try:
        verify(body, headers, [SECRET], now=time.time())
    except InvalidSignature:
        return False
    return True


def states(sandbox: Sandbox) -> list[str]:
    """The states of all webhooks, oldest first."""
    items = sandbox.browser.get("/sandbox/deliveries").json()["items"]
    return [delivery["state"] for delivery in items][::-1]


def test_the_next_webhook_is_dropped(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/modes", mode="drop", times=1)
    sandbox.paid()
    sandbox.paid()
    assert sandbox.deliver() == 1
    assert states(sandbox) == ["withheld", "delivered"]


def test_a_delayed_webhook_comes_later(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/modes", mode="delay", seconds=5000)
    sandbox.paid()
    assert sandbox.deliver() == 0
    assert sandbox.deliver(time.time() + 5000 / 50) == 1


@pytest.mark.parametrize("in_a_row", [True, False])
def test_a_webhook_comes_several_times_under_one_id(sandbox: Sandbox, in_a_row: bool) -> None:
    sandbox.control("webhooks/modes", mode="duplicate", copies=3, times=1, in_a_row=in_a_row)
    sandbox.paid()
    sandbox.receiver.answers[:] = [200, 500, 200]
    assert sandbox.deliver() == 1
    [first, *others] = sandbox.receiver.received
    assert others == [first, first]
    [delivery] = sandbox.browser.get("/sandbox/deliveries").json()["items"]
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    assert sorted(delivery["last_answer"].split(", ")) == ["200", "200", "500"]


def test_two_webhooks_come_in_reverse(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/modes", mode="reorder")
    payment_id = sandbox.paid()
    assert sandbox.deliver() == 0
    assert states(sandbox) == ["held"]
    sandbox.control(f"payments/{payment_id}/refund")
    assert sandbox.deliver(time.time() + 1) == 2
    assert sandbox.receiver.types == ["refund.succeeded", "payment.succeeded"]


def test_what_is_held_back_is_sent_when_the_mode_ends(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/modes", mode="reorder", copies=5)
    sandbox.paid()
    sandbox.control("webhooks/modes/reset")
    assert sandbox.deliver() == 1
    sandbox.control("webhooks/modes", mode="reorder", copies=5, times=1)
    sandbox.paid()
    assert sandbox.deliver() == 1


@pytest.mark.parametrize("mode", ["corrupt", "wrong_secret", "stale"])
def test_a_spoilt_webhook_is_refused_and_its_next_attempt_is_genuine(
    sandbox: Sandbox, mode: str
) -> None:
    sandbox.control("webhooks/modes", mode=mode, times=1)
    sandbox.paid()
    sandbox.receiver.answers[:] = [401]
    sandbox.deliver()
    sandbox.deliver(time.time() + 1)
    spoilt, genuine = sandbox.receiver.received
    assert (is_genuine(spoilt), is_genuine(genuine)) == (False, True)
    assert spoilt[0]["webhook-id"] == genuine[0]["webhook-id"]
    assert json.loads(spoilt[1])["type"] == "payment.succeeded"


def test_a_standing_mode_meets_every_webhook_until_it_is_cleared(sandbox: Sandbox) -> None:
    made = sandbox.control("webhooks/modes", mode="wrong_secret").json()
    assert sandbox.browser.get("/sandbox/webhooks/modes").json()["items"] == [made]
    for _ in range(2):
        sandbox.paid()
    sandbox.deliver()
    assert sandbox.browser.delete("/sandbox/webhooks/modes").json() == {"items": []}
    sandbox.paid()
    sandbox.deliver()
    assert [is_genuine(each) for each in sandbox.receiver.received] == [False, False, True]


def test_several_modes_meet_one_webhook(sandbox: Sandbox) -> None:
    for mode in ("delay", "duplicate", "stale"):
        sandbox.control("webhooks/modes", mode=mode, times=1, seconds=5000)
    sandbox.paid()
    assert sandbox.deliver() == 0
    sandbox.deliver(time.time() + 5000 / 50)
    assert [is_genuine(each) for each in sandbox.receiver.received] == [False, False]


@pytest.mark.parametrize(
    "body", [{}, {"mode": "eat"}, {"mode": "drop", "times": 0}, {"mode": "duplicate", "copies": 1}]
)
def test_a_wrong_mode_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    assert sandbox.control("webhooks/modes", **body).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"type": "payment.unheard_of", "data": {"payload_type": "Payment"}},
        {"type": "payment.succeeded", "data": None},
        {"type": 7, "data": []},
        {"data": {}, "business_id": "bus_other", "more": [1]},
    ],
)
def test_any_body_is_signed_and_sent(sandbox: Sandbox, body: dict[str, Any]) -> None:
    sent = sandbox.control("webhooks/send", **body).json()
    sandbox.deliver()
    [received] = sandbox.receiver.received
    assert is_genuine(received)
    assert received[0]["webhook-id"] == sent["webhook_id"]
    assert {"business_id": "bus_sandbox", **body}.items() <= json.loads(received[1]).items()


def test_any_text_is_signed_and_sent_under_an_id_of_choice(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/send", raw="[not json", webhook_id="msg_mine")
    sandbox.deliver()
    [(headers, body)] = sandbox.receiver.received
    assert (headers["webhook-id"], body) == ("msg_mine", b"[not json")
    assert sandbox.control("webhooks/send", raw="x", webhook_id="msg_mine").status_code == 409
    assert sandbox.control("webhooks/send", raw="x", webhook_id="a\nb").status_code == 422
    assert sandbox.control("webhooks/send", raw=7).status_code == 422


def test_a_form_sends_a_webhook_and_the_page_shows_its_answer(sandbox: Sandbox) -> None:
    form = {"type": "payment.odd", "data": '{"payment_id": "pay_x"}'}
    answer = sandbox.browser.post("/sandbox/webhooks/send", data=form)
    assert answer.headers["Location"] == "/sandbox/#webhooks"
    sandbox.deliver()
    assert sandbox.receiver.bodies[0]["data"] == {"payment_id": "pay_x"}
    page = sandbox.browser.get("/sandbox/").text
    assert "payment.odd" in page and "1 attempt, last answer 200" in page
    assert sandbox.browser.post("/sandbox/webhooks/send", data={"data": "{"}).status_code == 422
