import json

import pytest

from tests.faults.proxy import Proxy


@pytest.fixture
def logged(capfd):
    """The records that this process has written since the last call; each line is an object."""
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.fixture
def proxy(database_url):
    """A wire to PostgreSQL that can be cut, or fall silent."""
    proxy = Proxy(database_url)
    yield proxy
    proxy.close()
