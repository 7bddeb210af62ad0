"""What cannot be counted has happened all the same."""

import pytest
from sqlalchemy.exc import TimeoutError as PoolExhausted

from creditsapp.metrics import counting
from creditsapp.services import holds, ledger
from creditsapp.services.errors import OutcomeUnknown, TryAgainLater
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import transaction
from tests.builders import make_user, spend
from tests.databases import on_sqlite

pytestmark = on_sqlite
METRICS = ("_requests", "_refusals", "_webhooks", "_spends", "_spent", "_failures")


@pytest.fixture(autouse=True)
def broken(monkeypatch):
    """Every metric fails, as where the folder of its file is gone."""

    class Broken:
        def labels(self, *_labels):
            raise FileNotFoundError("/dev/shm/credits-metrics-1")

    for name in METRICS:
        monkeypatch.setattr(counting, name, Broken())


def test_credits_are_spent(context):
    user = make_user(50)
    spend(user, 3)
    holds.capture_once(user, holds.hold(user, 10, operation="test").id, 4)
    ledger.spend_many(user, [ledger.Usage(1, "test", key="a")])
    assert ledger.balance(user).balance == 50 - 3 - 4 - 1


def test_an_outcome_that_nobody_knows_is_told_as_that(context):
    with pytest.raises(OutcomeUnknown), transaction() as session:
        session.connection().connection.info["unsure"] = True


def test_work_that_is_given_up_may_be_tried_again(context):
    @retried
    def work():
        raise PoolExhausted("no connection")

    with pytest.raises(TryAgainLater):
        work()


def test_requests_are_answered_and_it_is_said_once(client, caplog, monkeypatch):
    monkeypatch.setattr(counting, "answered", counting._harmless(counting.answered.__wrapped__))
    for _ in range(3):
        with client.get("/auth/login") as answer:
            assert answer.status_code == 200
    said = [record for record in caplog.records if record.name == counting.log.name]
    assert len(said) == 1 and said[0].exc_info[0] is FileNotFoundError
