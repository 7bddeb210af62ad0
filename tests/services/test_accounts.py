"""Accounts: what the pages cannot show."""

from argon2 import PasswordHasher

from creditsapp.services import passwords


def test_an_unknown_address_is_refused_with_the_work_of_a_known_one():
    assert not PasswordHasher().check_needs_rehash(passwords._NOBODY)
