"""Accounts that are closed, and what is forgotten by itself."""

from decimal import Decimal

import pytest

from creditsapp.extensions import db
from creditsapp.models import OperatorAction, User
from creditsapp.services import accounts, closing, ledger, links, new_passwords
from creditsapp.services import registration as registering
from creditsapp.services.audit import Decision
from creditsapp.services.registration import Applicant
from creditsapp.services.welcome import Bonus
from tests.builders import PASSWORD, make_purchase, make_user, spend
from tests.databases import contents, execute, on_sqlite

pytestmark = pytest.mark.usefixtures("context")
BONUS = Bonus(Decimal(50))


def test_what_is_known_of_a_person_goes_and_the_ledger_stays(database_url):
    user = make_user(50, "ada@example.com")
    execute(database_url, "DELETE FROM welcome_bonuses")  # as before there was such a table
    spend(user, 3)
    make_purchase(user)
    new_passwords.ask("ada@example.com")
    db.session.remove()
    before = contents(database_url)
    closing.erase(user, Decision("op@host", "asked for it", "k"))
    after = contents(database_url)
    for table in ("wallets", "ledger_entries", "purchases", "payments", "holds"):
        assert after[table] == before[table]
    assert "ada@example.com" not in repr(after)
    assert (after["account_links"], after["creations"]) == ([], [])
    assert ledger.balance(user).balance == 47
    with pytest.raises(accounts.UserNotFound):
        accounts.by_email("ada@example.com")
    closing.erase(user, Decision("op@host", "asked for it", "other"))
    assert contents(database_url) == after
    for refused in (closing.disable, closing.enable, new_passwords.reset_link):
        with pytest.raises(closing.AccountErased):
            refused(user, Decision("op@host", "a test"))
    assert registering.sign_up(Applicant("ada@example.com", PASSWORD), BONUS).welcome == "repeated"


def test_an_operators_act_on_an_account_is_noted_once_a_key(database_url):
    user = make_user(0, "ada@example.com")
    decision = Decision("op@host", "why", "k")
    links_made = {new_passwords.reset_link(user, decision) for _ in range(2)}
    assert len(links_made) == 1 and links.find(links_made.pop()).user_id == user
    for _ in range(2):
        closing.disable(user, decision)
    version = db.session.get_one(User, user).session_version
    assert version == 2 and db.session.get_one(User, user).disabled_at
    with pytest.raises(new_passwords.AccountDisabled):
        new_passwords.reset_link(user, Decision("op@host", "why"))
    closing.enable(user, decision)
    acts = db.session.query(OperatorAction).order_by(OperatorAction.created_at).all()
    assert [act.command for act in acts] == ["users reset-link", "users disable", "users enable"]
    assert {(act.actor, act.subject, act.reason) for act in acts} == {
        ("op@host", f"user {user}", "why")
    }


def test_what_went_to_the_address_before_the_account_goes_as_well(database_url):
    registering.apply(Applicant("ada@example.com", PASSWORD, "Ada Lovelace"))
    user = make_user(0, "ada@example.com")
    closing.erase(user, Decision("op@host", "asked for it"))
    kept = repr(contents(database_url))
    assert "ada@example.com" not in kept and "Ada Lovelace" not in kept


@on_sqlite
def test_old_links_and_strangers_mails_are_forgotten(database_url):
    registering.apply(Applicant("ada@example.com", PASSWORD))
    new_passwords.ask("bob@example.com")
    assert links.forget_old() == 0
    past = "'2020-01-01 00:00:00.000000'"
    execute(database_url, f"UPDATE account_links SET expires_at = {past}")
    execute(
        database_url, f"UPDATE mails SET created_at = {past}, status = 'dropped', due_at = NULL"
    )
    assert links.forget_old() == 2
    after = contents(database_url)
    assert (after["account_links"], after["registrations"], after["mails"]) == ([], [], [])
