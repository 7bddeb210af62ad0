"""Reading what Dodo knows, right or wrong."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from creditsapp.dodo.errors import DodoFailed, KeyRefused, NotKnown
from tests.dodo.conftest import client, pay, soon
from tests.dodo.server import answer
from tests.dodo.test_buying import checkout


def test_what_the_sandbox_knows_is_read(sandbox):
    dodo = client(sandbox)
    session_id, url = checkout(dodo)
    payment_id = pay(url)
    assert dodo.checkout(session_id, deadline=soon())["payment_id"] == payment_id
    (line,) = dodo.line_items(payment_id, deadline=soon())["items"]
    assert line["amount"] == 500
    assert dodo.product(deadline=soon())["price"]["price"] == 100
    (endpoint,) = dodo.webhook_endpoints(deadline=soon())
    assert endpoint["url"] == "http://127.0.0.1:9/"
    assert dodo.invoice(payment_id, deadline=soon()).startswith(b"%PDF")
    page = dodo.page("payments", 0, since=None, deadline=soon())
    assert [row["payment_id"] for row in page.rows] == [payment_id]
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert dodo.page("payments", 0, since=later, deadline=soon()).rows == []
    refund = dodo.create_refund(
        payment_id, items=None, currency=None, reason="asked", metadata={}, deadline=soon()
    )
    assert dodo.refund(refund["refund_id"], deadline=soon()).data["payment_id"] == payment_id


def test_pages_are_asked_for_by_number_from_zero(stub):
    stub.answers = [answer({"items": [{"n": 1}]}), answer({"items": []})]
    since = datetime(2026, 1, 2, tzinfo=UTC)
    assert client(stub).page("disputes", 0, since=since, deadline=soon()).rows == [{"n": 1}]
    client(stub).page("refunds", 1, since=None, deadline=soon())
    (_, first, asked), (_, second, then) = stub.requests
    assert (first, second) == ("/disputes", "/refunds")
    assert asked["page_number"] == "0" and asked["page_size"] == "100"
    assert datetime.fromisoformat(asked["created_at_gte"]) == since
    assert then == {"page_number": "1", "page_size": "100"}


def test_the_time_is_dodos_own(stub):
    stub.date = "Sun, 06 Nov 1994 08:49:37 GMT"
    stub.answers = [answer({"payment_id": "pay_1"}), answer({"items": []})]
    dodo, then = client(stub), datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert dodo.payment("pay_1", deadline=soon()).at == then
    assert dodo.page("payments", 0, since=None, deadline=soon()).at == then


@pytest.mark.parametrize("date", ["yesterday", "", "Sun, 99 Nov 1994 08:49:37 GMT"])
def test_without_dodos_time_it_is_ours(stub, date):
    stub.date = date or "-"
    stub.answers = [answer({})]
    at = client(stub).dispute("dp_1", deadline=soon()).at
    assert abs(datetime.now(UTC) - at) < timedelta(seconds=5)


def test_what_dodo_does_not_know_is_told_apart(stub):
    stub.answers = [answer({"code": "NOT_FOUND", "message": "no such payment"}, 404)]
    with pytest.raises(NotKnown) as raised:
        client(stub).payment("pay_1", deadline=soon())
    assert raised.value.detail == "it answered 404 NOT_FOUND: no such payment"
    assert "Nothing was charged" in str(raised.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_told_apart(stub, status):
    stub.answers = [answer(b"<html>no</html>", status)]
    with pytest.raises(KeyRefused) as raised:
        client(stub).product(deadline=soon())
    assert raised.value.provider_code == f"HTTP_{status}"


@pytest.mark.parametrize(
    "nonsense",
    [
        answer(b"<html>", **{"Content-Type": "text/html"}),
        answer(b'{"items": ['),
        answer([]),
        answer({}),
        answer({"items": {}}),
        answer({"items": [1]}),
        answer(b'{"items": [NaN]}'),
        answer(b'{"items": [{"a": 1e999}]}'),
        answer(b'{"items": [{"a": "\\ud800"}]}'),
        answer(b'{"items": ' + b"[" * 100_000),
        answer(b'{"items": [], "x": "' + b"x" * 6_000_000 + b'"}'),
    ],
)
def test_a_list_that_is_none_is_a_failure(stub, nonsense):
    stub.answers = [nonsense, nonsense]
    with pytest.raises(DodoFailed):
        client(stub).page("payments", 0, since=None, deadline=soon())


def test_an_id_that_can_be_in_no_address_is_not_asked_for(stub):
    for odd in ("", ".."):
        with pytest.raises(DodoFailed):
            client(stub).payment(odd, deadline=soon())
    assert stub.requests == []


def test_endpoints_are_read_to_the_last_page(stub):
    stub.answers = [
        answer({"data": [{"id": "a"}], "iterator": "i_1", "done": False}),
        answer({"data": [{"id": "b"}], "iterator": "i_2", "done": True}),
    ]
    found = client(stub).webhook_endpoints(deadline=soon())
    assert [each["id"] for each in found] == ["a", "b"]
    assert [content for _, _, content in stub.requests] == [{}, {"iterator": "i_1"}]


def test_an_invoice_that_is_no_pdf_is_a_failure(stub):
    stub.answers = [answer(b"<html>sign in</html>", **{"Content-Type": "application/pdf"})]
    with pytest.raises(DodoFailed):
        client(stub).invoice("pay_1", deadline=soon())


def test_a_read_is_repeated_after_what_passes_and_before_its_deadline(stub):
    stub.answers = [answer({}, 502), answer({"a": 1})]
    assert client(stub).payment("pay_1", deadline=soon()).data == {"a": 1}
    stub.answers = [answer({}, 429, **{"Retry-After": "9"})]
    began = time.monotonic()
    with pytest.raises(DodoFailed):
        client(stub).payment("pay_1", deadline=soon())
    assert time.monotonic() - began < 1
