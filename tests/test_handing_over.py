"""Work that outlives the request: held in a view, captured by a worker."""

import uuid
from queue import Queue

import pytest
from flask_login import current_user, login_required
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from creditsapp.charging import AlreadyCharged, charge, resume
from creditsapp.extensions import db
from creditsapp.prices import Price
from creditsapp.services import expiry, holds, ledger
from creditsapp.services.errors import (
    HoldClosed,
    HoldNotFound,
    OperationInProgress,
    OutcomeUnknown,
    TryAgainLater,
    WalletNotFound,
)
from tests.builders import let_expire, make_user, register
from tests.databases import contents, lose_answers


@pytest.fixture
def app(make_app):
    return make_app(credit_costs={"VIDEO": Price(2, per="minute")})


@pytest.fixture
def job(context):
    """A user's number and the hold of ten minutes of video, 20 credits of 50."""
    with charge(make_user(50), "VIDEO", quantity=10, seconds=3600, key="k") as work:
        assert work.hand_over() == work.hold_id
    return work.user_id, work.hold_id


def available(job):
    return ledger.balance(job[0]).available


def test_a_view_holds_and_a_worker_charges(app):
    queue = Queue()

    @app.get("/film")
    @login_required
    def film():
        with charge(current_user, "VIDEO", quantity=10, seconds=3600, key="film") as work:
            queue.put((work.user_id, work.hold_id))
            work.hand_over()
        return "begun"

    client = app.test_client()
    register(client)
    assert client.get("/film").text == "begun"
    assert client.get("/api/credits/balance").json["held"] == 20
    assert client.get("/film").status_code == 409
    with app.app_context(), resume(*queue.get()) as work:
        work.capture(quantity=3)
    answer = client.get("/film")
    assert (answer.status_code, "paid for before" in answer.text) == (409, True)
    assert client.get("/api/credits/balance").json == {
        "balance": 44,
        "held": 0,
        "available": 44,
        "version": 2,
    }
    assert queue.empty()


def test_a_hold_that_was_handed_over_stays_open_whatever_the_view_does_then(job):
    assert available(job) == 30
    with pytest.raises(ZeroDivisionError), charge(job[0], "VIDEO", quantity=5) as work:
        work.hand_over()
        _ = 1 / 0
    assert available(job) == 20


def test_a_worker_that_captures_nothing_itself_charges_the_whole(job):
    with resume(*job) as work:
        assert (work.operation, work.amount) == ("video", 20)
    assert available(job) == 30
    assert work.entry.number == 2


def test_a_worker_that_fails_charges_nothing(job):
    with pytest.raises(ZeroDivisionError), resume(*job):
        _ = 1 / 0
    assert available(job) == 50
    assert holds.find(*job).status == "released"


def test_a_worker_keeps_no_connection_while_it_works(job):
    with resume(*job):
        assert db.engine.pool.checkedout() == 0


@pytest.mark.parametrize("ends", [KeyboardInterrupt, SystemExit])
def test_a_worker_that_is_stopped_leaves_the_hold_for_the_next(job, ends):
    with pytest.raises(ends), resume(*job):
        raise ends
    assert available(job) == 30
    with resume(*job):
        pass
    assert ledger.balance(job[0]).balance == 30


def test_a_worker_may_hand_over_in_its_turn(job):
    with pytest.raises(ZeroDivisionError), resume(*job) as work:
        work.hand_over()
        _ = 1 / 0
    assert holds.find(*job).status == "held"


def refused(error, job, database_url):
    before, begun = contents(database_url), []
    with pytest.raises(error) as refusal, resume(*job):
        begun.append(True)
    db.session.remove()
    assert not begun
    assert contents(database_url) == before
    return refusal.value


def test_a_job_that_comes_twice_is_worked_on_once(job, database_url):
    with resume(*job) as work:
        work.capture(quantity=1)
    again = refused(AlreadyCharged, job, database_url)
    assert (again.hold.id, again.hold.entry_number) == (job[1], 2)


def test_a_job_whose_time_is_over_is_not_begun(job, database_url):
    let_expire(job[1])
    refused(HoldClosed, job, database_url)
    expiry.release_expired()
    refused(HoldClosed, job, database_url)


def test_a_job_that_was_released_is_not_begun(job, database_url):
    holds.release(*job)
    refused(HoldClosed, job, database_url)


@pytest.mark.parametrize(
    "hold_id", ["", "no-such", "a\0b", "\ud800", None, 5, str(uuid.UUID(int=1))]
)
def test_a_job_without_a_hold_is_not_begun(job, database_url, hold_id):
    refused(HoldNotFound, (job[0], hold_id), database_url)


def test_a_job_of_another_user_is_not_begun(job, database_url):
    refused(HoldNotFound, (make_user(50), job[1]), database_url)
    refused(WalletNotFound, (None, job[1]), database_url)


def test_two_workers_at_the_same_job_charge_once(job):
    with resume(*job) as one, resume(*job) as other:
        assert one.capture(quantity=3).number == other.capture(quantity=3).number == 2
    assert available(job) == 44
    with pytest.raises(AlreadyCharged), resume(*job):
        pass


def test_two_workers_that_come_to_different_ends_charge_once(job):
    with pytest.raises(HoldClosed), resume(*job) as one, resume(*job) as other:
        one.capture(quantity=3)
        other.capture(quantity=4)
    assert available(job) == 44


def test_time_that_runs_out_in_the_middle_is_captured_unless_it_was_swept(job):
    with resume(*job):
        let_expire(job[1])
    assert available(job) == 30
    with charge(job[0], "VIDEO", quantity=1) as work:
        work.hand_over()
    with pytest.raises(HoldClosed), resume(work.user_id, work.hold_id):
        let_expire(work.hold_id)
        expiry.release_expired()
    assert available(job) == 30


def test_a_worker_that_lost_the_answer_of_its_capture_learns_it(job, monkeypatch):
    lose_answers(monkeypatch, holds)
    with resume(*job) as work:
        assert work.capture(quantity=3).number == 2
    assert available(job) == 44


def test_a_worker_may_ask_again_when_the_answer_stays_lost(job, monkeypatch):
    with resume(*job) as work:
        lose_answers(monkeypatch, holds, times=9)
        with pytest.raises(OutcomeUnknown):
            work.capture(quantity=3)
        monkeypatch.undo()
        assert work.capture(quantity=3).number == 2
    assert available(job) == 44


def test_a_database_that_stays_away_leaves_the_hold_for_the_next_delivery(job, monkeypatch):
    def away(*_):
        raise TryAgainLater("The database does not answer.")

    with pytest.raises(TryAgainLater), resume(*job):
        monkeypatch.setattr(holds, "post", away)
    monkeypatch.undo()
    with resume(*job) as work:
        work.capture(quantity=3)
    assert available(job) == 44


def test_a_key_is_at_work_until_its_worker_is_done(job):
    with pytest.raises(OperationInProgress), charge(job[0], "VIDEO", quantity=10, key="k"):
        pass
    with resume(*job):
        pass
    with pytest.raises(AlreadyCharged), charge(job[0], "VIDEO", quantity=10, key="k"):
        pass
    assert available(job) == 30


@pytest.mark.parametrize("away", [OperationalError("SELECT 1", {}, Exception()), PoolExhausted()])
def test_a_worker_that_finds_no_database_leaves_its_job_to_the_next(job, away):
    with pytest.raises(type(away)), resume(*job):
        raise away
    with resume(*job) as work:
        work.capture(quantity=3)
    assert ledger.balance(job[0]).balance == 44


def test_what_comes_to_nothing_may_be_captured_again(job):
    with resume(*job) as work:
        assert work.capture(quantity=0) is None
        assert work.capture(quantity=0) is None
    assert available(job) == 50
