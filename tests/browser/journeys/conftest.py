"""One shop for all journeys of a process, where newcomers get only six credits."""

import shutil

import pytest

from tests.servers import Servers


@pytest.fixture(scope="session")
def servers(migrated_sqlite, tmp_path_factory):
    """The app under gunicorn and the sandbox; each journey has a user of its own."""
    folder = tmp_path_factory.mktemp("journeys")
    shutil.copyfile(migrated_sqlite, folder / "credits.db")
    servers = Servers(f"sqlite:///{folder / 'credits.db'}", folder)
    servers.environment["INITIAL_FREE_CREDITS"] = "6"
    with servers.running() as running:
        yield running
