"""Passwords: which will do, and how they are kept."""

from decimal import Decimal

import pytest
from argon2 import PasswordHasher

from creditsapp.extensions import db
from creditsapp.services import accounts, passwords
from tests.builders import PASSWORD, make_user
from tests.databases import on_sqlite

pytestmark = pytest.mark.usefixtures("context")


def test_a_password_is_kept_by_todays_parameters_from_the_next_sign_in(monkeypatch):
    make_user(0, "ada@example.com")
    old = accounts.by_email("ada@example.com").password_hash
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 16, 1))
    accounts.authenticate("ada@example.com", PASSWORD, language="de")
    db.session.remove()
    user = accounts.by_email("ada@example.com")
    assert user.password_hash != old and "t=2" in user.password_hash and user.language == "de"
    accounts.authenticate("ada@example.com", PASSWORD)
    db.session.remove()
    assert accounts.by_email("ada@example.com").password_hash == user.password_hash


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "PassWord",
        "trustno1",
        "Ada.Lovelace@Example.com",
        "ada.lovelace",
        "CreditStudio",
    ],
)
@on_sqlite
def test_what_others_would_try_first_is_no_password(password):
    with pytest.raises(passwords.InvalidPassword):
        accounts.register("ada.lovelace@example.com", password, welcome=Decimal(0))


@on_sqlite
def test_the_list_of_common_passwords_is_long_enough_and_holds_none_that_is_refused_anyway():
    known = passwords._common()
    assert len(known) >= 3000 and min(map(len, known)) == 8
    assert all(word == word.casefold() for word in known)


@on_sqlite
def test_an_unknown_address_is_refused_with_the_work_of_a_known_one():
    assert not PasswordHasher().check_needs_rehash(passwords._NOBODY)
