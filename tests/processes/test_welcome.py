"""Everybody wants the welcome credits at the same instant, and one person gets them once."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from creditsapp.extensions import db
from creditsapp.models import AccountLink, LedgerEntry
from creditsapp.services import links, registration
from creditsapp.services.registration import Applicant
from creditsapp.services.welcome import Bonus
from tests.builders import PASSWORD
from tests.forks import race

pytestmark = pytest.mark.processes
BONUS = Bonus(Decimal(50), "10.0.0.0/24", 5)


def applied(email):
    """The link that somebody's mail has."""
    registration.apply(Applicant(email, PASSWORD))
    return db.session.scalar(select(AccountLink.id).where(AccountLink.email == email))


def confirm(link_id):
    return lambda: registration.confirm(links.find(link_id), BONUS).welcome


def paid():
    return len(db.session.scalars(select(LedgerEntry).where(LedgerEntry.type == "initial")).all())


def test_twenty_spellings_of_one_mailbox_get_one_bonus(app):
    with app.app_context():
        found = [applied(f"ada+{number}@gmail.com") for number in range(20)]
    assert sorted(race(app, [confirm(one) for one in found])) == [
        "given",
        *["repeated"] * 19,
    ]
    with app.app_context():
        assert paid() == 1


def test_one_link_in_many_tabs_makes_one_account(app):
    with app.app_context():
        found = applied("ada@example.com")
    assert sorted(race(app, [confirm(found)] * 8)) == [*["DeadLink"] * 7, "given"]
    with app.app_context():
        assert paid() == 1


def test_a_network_has_its_number_whoever_is_first(app):
    with app.app_context():
        found = [applied(f"ada{number}@example.com") for number in range(12)]
    outcomes = race(app, [confirm(one) for one in found])
    assert sorted(outcomes) == [*["given"] * 5, *["network"] * 7]
    with app.app_context():
        assert paid() == 5
