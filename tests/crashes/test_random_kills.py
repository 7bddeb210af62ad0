"""SIGKILL at random moments of a random stream: what was acknowledged is there, and only that."""

import logging
import os
import random
import time

import pytest

from tests.crashes.workers import Team
from tests.databases import wait_until_alone

pytestmark = pytest.mark.processes

ROUNDS = int(os.environ.get("CRASH_ROUNDS", 5))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(10**6)))
WORKERS = 3

log = logging.getLogger(__name__)


@pytest.mark.timeout(60 + 5 * ROUNDS)
def test_workers_killed_all_at_once_lose_nothing_and_do_nothing_twice(app, database_url, tmp_path):
    chance = random.Random(SEED)
    with Team(app, tmp_path, SEED, WORKERS) as team:
        for _ in range(ROUNDS):
            team.begin()
            team.wait_for_more()
            time.sleep(chance.uniform(0, 0.1))
            team.kill()
            wait_until_alone(database_url)
            team.check()
        team.begin(acts=1)
        team.finish()
        team.check_all()
    log.info("seed %s: %s kills, %s acts acknowledged", SEED, ROUNDS * WORKERS, team.acts)
