"""A Dodo that keeps failing is left alone for a while, then tried by one call at a time."""

import threading
from contextlib import suppress

import pytest

from creditsapp.dodo.breaker import Breaker
from creditsapp.dodo.errors import Declined, DodoFailed, NotAsked, TooMany
from tests.dodo.conftest import client, soon
from tests.dodo.server import answer


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def call(breaker, failure=None):
    with breaker.attempt():
        if failure:
            raise failure


def fail(breaker, times=1, failure=None):
    for _ in range(times):
        with suppress(DodoFailed):
            call(breaker, failure or DodoFailed("down"))


def is_open(breaker):
    try:
        call(breaker)
    except NotAsked:
        return True
    return False


def test_five_failures_in_a_row_open_it_for_thirty_seconds(breaker, clock):
    fail(breaker, 4)
    assert not breaker.state.open
    fail(breaker)
    assert breaker.state.open and breaker.state.seconds == 30
    clock.now += 29.9
    assert is_open(breaker)
    clock.now += 0.1
    assert not is_open(breaker)
    assert not breaker.state.open


def test_a_success_or_a_refusal_in_between_begins_the_row_anew(breaker):
    fail(breaker, 4)
    call(breaker)
    fail(breaker, 4)
    fail(breaker, failure=Declined(422, "NO", ""))
    fail(breaker, 4)
    assert not breaker.state.open


def test_a_probe_that_fails_leaves_it_open_for_as_long_again(breaker, clock):
    fail(breaker, 5)
    clock.now += 30
    fail(breaker)
    assert breaker.state.seconds == 30
    assert is_open(breaker)


def test_one_probe_at_a_time_is_let_through(breaker, clock):
    fail(breaker, 5)
    clock.now += 30
    with breaker.attempt():
        assert is_open(breaker)
    assert not is_open(breaker)


def test_a_probe_that_says_nothing_about_dodo_makes_room_for_the_next(breaker, clock):
    fail(breaker, 5)
    clock.now += 30
    for unrelated in (KeyboardInterrupt(), NotAsked("an id that cannot be one")):
        with pytest.raises(type(unrelated)):
            call(breaker, unrelated)
    assert breaker.state.open
    assert not is_open(breaker)


def test_an_answer_to_what_was_sent_before_it_opened_does_not_close_it(breaker):
    with breaker.attempt():
        fail(breaker, 5)
    assert is_open(breaker)


@pytest.mark.parametrize(("asked", "kept"), [(7.0, 7.0), (1e9, 300.0)])
def test_it_stays_open_for_as_long_as_dodo_asks_for(breaker, asked, kept):
    fail(breaker, failure=TooMany(429, "TOO_MANY", "", passes_in=asked))
    assert breaker.state.seconds == kept


def test_many_threads_neither_wait_for_each_other_nor_probe_together(stub):
    """Ten slow calls take as long as one."""
    dodo = client(stub)
    stub.routes["/payments/p"] = answer({}, wait=0.4)
    threads = [
        threading.Thread(target=dodo.payment, args=("p",), kwargs={"deadline": soon()})
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2)
    assert len(stub.requests) == 10
    assert not dodo.breaker.open


def test_a_client_stops_asking_and_says_so(stub):
    dodo = client(stub)
    stub.routes["/payments/p"] = answer({}, 500)
    for _ in range(3):
        with pytest.raises(DodoFailed):
            dodo.payment("p", deadline=soon())
    assert len(stub.requests) == 5  # each call asks twice
    assert dodo.breaker.open and dodo.breaker.failures == 5
    with pytest.raises(NotAsked) as raised:
        dodo.payment("p", deadline=soon())
    assert "Nothing was charged" in str(raised.value)


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_dodo_that_refuses_is_alive(stub, status):
    dodo = client(stub)
    stub.routes["/payments/p"] = answer({}, status)
    for _ in range(6):
        with pytest.raises(DodoFailed):
            dodo.payment("p", deadline=soon())
    assert not dodo.breaker.open
