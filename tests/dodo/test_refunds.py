"""A refund is asked for once, and what came of it is never guessed."""

import time

import pytest

from creditsapp.dodo.errors import DodoFailed, RefundRefused, RefundUnknown
from tests.dodo.conftest import client, soon
from tests.dodo.server import answer


def refund(dodo, deadline=None, **changes):
    order = {"items": None, "currency": None, "reason": "asked", "metadata": {"by": "ada"}}
    return dodo.create_refund("pay_1", deadline=deadline or soon(), **(order | changes))


def test_a_refund_is_returned_as_dodo_made_it(stub):
    made = {"refund_id": "ref_1", "status": "pending", "new": [1]}
    stub.answers = [answer(made), answer(made)]
    assert refund(client(stub)) == made
    refund(client(stub), items=[{"item_id": "i", "amount": 100}], currency="USD")
    (_, path, all_of_it), (_, _, part) = stub.requests
    assert path == "/refunds"
    assert all_of_it == {"payment_id": "pay_1", "reason": "asked", "metadata": {"by": "ada"}}
    assert part == all_of_it | {"items": [{"item_id": "i", "amount": 100}], "currency": "USD"}


@pytest.mark.parametrize(
    "refusal",
    [
        answer({"code": "NOTHING_TO_REFUND", "message": "none left"}, 400),
        answer({}, 401),
        answer({}, 404),
        answer(b"<html>", 403),
        answer({}, 409),
        answer({}, 422),
        answer({}, 429, **{"Retry-After": "1"}),
    ],
)
def test_what_dodo_declines_was_not_done(stub, refusal):
    stub.answers = [refusal]
    with pytest.raises(RefundRefused) as raised:
        refund(client(stub))
    assert len(stub.requests) == 1
    if refusal[0] == 400:
        assert raised.value.provider_code == "NOTHING_TO_REFUND"
        assert "none left" in str(raised.value)


def test_what_was_never_sent_was_not_done(nobody, stub):
    with pytest.raises(RefundRefused):
        refund(nobody)
    with pytest.raises(RefundRefused):
        refund(client(stub), deadline=time.monotonic() - 1)
    assert stub.requests == []


@pytest.mark.parametrize(
    "lost",
    [
        answer({"refund_id": "ref_1"}, wait=1),
        answer({}, **{"X-Drop": "yes"}),
        answer({"refund_id": "ref_1"}, **{"X-Trickle": "yes"}),
        answer({"refund_id": "ref_1"}, **{"Content-Length": "900"}),
        answer({}, 500),
        answer({}, 503),
        answer({}, 408),
        answer({}, 307, Location="/refunds"),
        answer(b"<html>", **{"Content-Type": "text/html"}),
        answer(b'{"refund_id": "ref'),
        answer([]),
        answer({}),
        answer({"refund_id": None}),
        answer({"refund_id": 5}),
    ],
)
def test_what_may_have_been_done_is_unknown_and_not_repeated(stub, lost):
    stub.answers = [lost]
    with pytest.raises(RefundUnknown):
        refund(client(stub), deadline=time.monotonic() + 0.5)
    assert len(stub.requests) == 1


def test_while_dodo_is_left_alone_nothing_is_sent(stub):
    dodo = client(stub)
    stub.answers = [answer({}, 500)] * 5
    for _ in range(5):
        with pytest.raises((RefundUnknown, DodoFailed)):
            refund(dodo)
    with pytest.raises(RefundRefused):
        refund(dodo)
    assert len(stub.requests) == 5
