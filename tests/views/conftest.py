"""Ada, who looks at the pages; they know of no database, so one kind does for most."""

import pytest

from creditsapp.extensions import db
from creditsapp.services import accounts
from tests.builders import make_purchase, register
from tests.conftest import emptied


@pytest.fixture(params=["sqlite"])
def database_url(request, tmp_path):
    """An empty, migrated database; `on_both` asks for both kinds."""
    return emptied(request, tmp_path)


@pytest.fixture
def ada(client):
    """Her browser, signed in."""
    register(client, "ada@example.com")
    return client


@pytest.fixture
def user(app, ada, context):
    """Her number, within an application context."""
    return accounts.by_email("ada@example.com").id


@pytest.fixture
def order(app, ada):
    """Her order of five dollars, not paid yet."""
    with app.app_context():
        purchase = make_purchase(accounts.by_email("ada@example.com").id)
        db.session.expunge_all()
        return purchase
