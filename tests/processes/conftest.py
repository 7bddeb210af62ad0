"""Whom the processes race for."""

import pytest

from tests.builders import make_user


@pytest.fixture
def user(app):
    """Somebody with 20 credits."""
    with app.app_context():
        return make_user(20)
