"""The controls: refunds, disputes and replays, by page and by JSON."""

import re

import pytest

from .conftest import Sandbox


def test_the_page_lists_payments_with_their_webhooks(sandbox: Sandbox) -> None:
    assert "No payments yet" in sandbox.browser.get("/sandbox/").text
    payment_id = sandbox.paid()
    sandbox.deliver()
    sandbox.control(f"payments/{payment_id}/dispute", status="dispute_opened", stage="pre_dispute")
    page = sandbox.browser.get("/sandbox/").text
    for text in (payment_id, "payment.succeeded", "1 attempt, last answer 200", "pre-dispute"):
        assert text in page


def test_the_root_leads_to_the_controls(sandbox: Sandbox) -> None:
    assert sandbox.browser.get("/").headers["Location"] == "/sandbox/"


def test_a_form_refunds_and_comes_back_to_the_page(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    path = f"/sandbox/payments/{payment_id}/refund"
    answer = sandbox.browser.post(path, data={"amount": "120"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/sandbox/#{payment_id}")
    sandbox.browser.post(path, data={"amount": ""})
    refunds = sandbox.sdk.payments.retrieve(payment_id).refunds
    assert [refund.amount for refund in refunds] == [120, 380]
    refused = sandbox.browser.post(path)
    assert (refused.status_code, "refunded already" in refused.text) == (400, True)
    sandbox.deliver()
    assert sandbox.receiver.types == ["payment.succeeded", "refund.succeeded", "refund.succeeded"]


@pytest.mark.parametrize("amount", [0, -1, 501, "x", "²", True])
def test_a_wrong_refund_is_refused_as_json(sandbox: Sandbox, amount: object) -> None:
    payment_id = sandbox.paid()
    answer = sandbox.control(f"payments/{payment_id}/refund", amount=amount)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"]
    assert sandbox.sdk.payments.retrieve(payment_id).refunds == []


def test_a_dispute_moves_under_one_id_until_another_is_opened(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    path = f"payments/{payment_id}/dispute"
    opened = sandbox.control(path, status="dispute_opened", stage="pre_dispute").json()
    won = sandbox.control(path, status="dispute_won").json()
    next_one = sandbox.control(path, status="dispute_opened", stage="dispute").json()
    lost = sandbox.control(path, status="dispute_lost", rdr=True).json()
    assert opened["dispute_id"] == won["dispute_id"] != next_one["dispute_id"]
    assert (lost["dispute_id"], lost["is_resolved_by_rdr"]) == (next_one["dispute_id"], True)
    assert won["dispute_stage"] == "pre_dispute"
    sandbox.deliver()
    assert sandbox.receiver.types[1:] == [
        "dispute.opened",
        "dispute.won",
        "dispute.opened",
        "dispute.lost",
    ]


def test_one_of_several_disputes_is_chosen(sandbox: Sandbox) -> None:
    path = f"payments/{sandbox.paid()}/dispute"
    first = sandbox.control(path, status="dispute_opened", amount=100).json()
    second = sandbox.control(path, status="dispute_opened").json()
    won = sandbox.control(path, status="dispute_won", dispute_id=first["dispute_id"]).json()
    assert (won["dispute_id"], won["amount"]) == (first["dispute_id"], "100")
    assert sandbox.sdk.disputes.retrieve(second["dispute_id"]).dispute_status == "dispute_opened"
    again = {"dispute_id": first["dispute_id"], "stage": "pre_arbitration"}
    reopened = sandbox.control(path, status="dispute_opened", **again).json()
    assert (reopened["dispute_id"], reopened["dispute_stage"]) == tuple(again.values())
    assert sandbox.control(path, status="dispute_won", dispute_id="dp_x").status_code == 404


def test_rdr_loses_a_dispute_that_never_was_open(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    path = f"payments/{payment_id}/dispute"
    sandbox.control(path, status="dispute_opened")
    lost = sandbox.control(path, status="dispute_lost", dispute_id="new", rdr=True).json()
    assert len(sandbox.sdk.payments.retrieve(payment_id).disputes) == 2
    assert lost["is_resolved_by_rdr"] is True


def test_every_button_of_the_page_does_what_it_says(sandbox: Sandbox) -> None:
    payment_id = sandbox.paid()
    sandbox.control(f"payments/{payment_id}/refund", amount=100, status="pending")
    sandbox.control(f"payments/{payment_id}/dispute", status="dispute_opened")
    sandbox.control("faults", fault="error", times=1)
    sandbox.control("webhooks/modes", mode="delay")
    page = sandbox.browser.get("/sandbox/").text
    for action in set(re.findall(r'action="([^"]+)"', page)):
        given = {"fault": "slow", "mode": "drop", "amount": "1"}
        if action.endswith(("/refund", "/refunds/mode", "/decide")):
            given["status"] = "succeeded"
        elif action.endswith("/dispute"):
            given["status"] = "dispute_won"
        answer = sandbox.browser.post(action, data=given)
        assert (answer.status_code, action) == (303, action)
        place = answer.headers["Location"].partition("#")[2]
        assert place in ("", "on-now") or f'id="{place}"' in sandbox.browser.get("/sandbox/").text


def test_a_wrong_dispute_is_refused(sandbox: Sandbox) -> None:
    path = f"payments/{sandbox.paid()}/dispute"
    assert sandbox.control(path, status="won").status_code == 422
    assert sandbox.control(path, status="dispute_won", stage="x").status_code == 422
    assert sandbox.control(path).status_code == 422
    assert sandbox.control("payments/x/dispute", status="dispute_won").status_code == 404
    sandbox.pay(sandbox.checkout(), "4000000000000002")
    failed = sandbox.sdk.payments.list().items[0].payment_id
    answer = sandbox.control(f"payments/{failed}/dispute", status="dispute_opened")
    assert answer.json()["code"] == "PAYMENT_NOT_SUCCEEDED"


def test_another_site_cannot_press_the_buttons(sandbox: Sandbox) -> None:
    path = f"/sandbox/payments/{sandbox.paid()}/refund"
    answer = sandbox.browser.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
