import json

import pytest


@pytest.fixture
def logged(capfd):
    """The records that this process has written since the last call; each line is an object."""
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]
