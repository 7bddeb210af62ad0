"""SIGKILL of the whole database server under load: every acknowledged write is there, once."""

import logging
import os
import random
import time

import psycopg
import pytest

from creditsapp import create_app
from tests.conftest import migrate, settings_for
from tests.crashes.servers import kill_all, restart
from tests.crashes.workers import Team
from tests.databases import running_postgres
from tests.forks import let_go

pytestmark = pytest.mark.processes

ROUNDS = int(os.environ.get("CRASH_SERVER_ROUNDS", 1))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(10**6)))
WORKERS = 4

log = logging.getLogger(__name__)


@pytest.fixture
def server():
    """A server that no other test needs."""
    with running_postgres() as server:
        yield server


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_a_server_killed_under_load_keeps_every_acknowledged_write(server, tmp_path):
    url = server.get_uri()
    migrate(url)
    with psycopg.connect(url) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)
    app = create_app(settings_for(url))
    chance = random.Random(SEED)
    with Team(app, tmp_path, SEED, WORKERS) as team:
        team.begin()
        for _ in range(ROUNDS):
            team.wait_for_more()
            time.sleep(chance.uniform(0.2, 0.8))
            kill_all(server)
            time.sleep(chance.uniform(0, 0.2))
            restart(server)
        team.wait_for_more()
        team.stop()
        team.check_all()
    let_go(app)
    log.info("seed %s: the server died %s times, %s acts acknowledged", SEED, ROUNDS, team.acts)
