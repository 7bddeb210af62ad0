"""SIGKILL at every point of an act, then the same act again: one effect, and the same answer."""

import itertools
import logging

import pytest

from creditsapp.services import verification
from tests.crashes.acts import ACTS, open_wallet
from tests.crashes.children import KILLED, answer_of, run_fused
from tests.crashes.states import reset, state
from tests.databases import execute
from tests.forks import let_go

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
    with app.app_context():
        answer = ready()
    after = state(database_url)
    seen = [before]
    for point in itertools.count():
        ready = start(act)
        came_to = run_fused(app, ready, point)
        found = state(database_url)
        if found != seen[-1]:
            seen.append(found)
        if came_to != KILLED:
            break
        with app.app_context():
            again = answer_of(ready)
            if again == "OperationInProgress":
                assert found not in (before, after)
                execute(database_url, "UPDATE holds SET expires_at = created_at")
                again = answer_of(ready)
            assert verification.verify().problems == []
        done = found == after and act.again is not None
        assert again == (act.again if done else answer), f"killed at point {point}"
        assert without(act.traces, state(database_url)) == without(act.traces, after)
    assert (came_to, found) == (answer, after)
    assert (len(seen), seen[-1]) == (act.steps + 1, after), "it was seen half done"
    assert point > act.steps, "it goes past the fuse"
    log.info("%s on %s was killed at %s points", name, database_url.split(":")[0], point)


def without(tables, rows):
    return {table: found for table, found in rows.items() if table not in tables}
