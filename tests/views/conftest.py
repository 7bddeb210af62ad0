"""Ada, who looks at the pages."""

import pytest

from creditsapp.extensions import db
from creditsapp.services import accounts
from tests.builders import make_purchase, register


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
