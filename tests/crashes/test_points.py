"""SIGKILL at every point of an act, then the same act again: one effect, and the same answer."""

import logging

import pytest

from creditsapp.services import verification
from tests.crashes.acts import ACTS, open_wallet
from tests.crashes.children import KILLED, let_go, run
from tests.crashes.states import reset, state
from tests.databases import execute

pytestmark = pytest.mark.processes

log = logging.getLogger(__name__)


@pytest.fixture
def start(app, database_url, migrated_sqlite):
    """Bring the database to what an act starts from; return the act, ready to run."""

    def start(act):
        let_go(app)
        reset(database_url, migrated_sqlite)
        with app.app_context():
            open_wallet()
            given = act.prepare()
        return lambda: act.run(given)

    return start


@pytest.mark.parametrize("name", ACTS)
def test_an_act_killed_at_any_point_is_done_once_by_its_repeat(app, database_url, start, name):
    act = ACTS[name]
    ready = start(act)
    before = state(database_url)
    answer, points = run(app, ready)
    after = state(database_url)
    assert points > act.steps, "the act goes past the fuse"
    seen = [before]
    for point in range(points):
        ready = start(act)
        assert state(database_url) == before
        assert run(app, ready, dies_at=point) == (KILLED, point)
        found = state(database_url)
        if found != seen[-1]:
            seen.append(found)
        again, _ = run(app, ready)
        if again == "OperationInProgress":
            assert found not in (before, after)
            execute(database_url, "UPDATE holds SET expires_at = created_at")
            again, _ = run(app, ready)
        done = found == after and act.again is not None
        assert again == (act.again if done else answer), f"killed at point {point}"
        assert state(database_url, without=act.traces) == {
            table: rows for table, rows in after.items() if table not in act.traces
        }
        with app.app_context():
            assert verification.verify().problems == []
    assert (len(seen), seen[-1]) == (act.steps + 1, after)
    log.info("%s on %s was killed at %s points", name, database_url.split(":")[0], points)
