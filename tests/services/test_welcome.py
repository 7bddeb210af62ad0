"""Welcome credits: one mailbox, one person; one network, so many a day."""

from decimal import Decimal

import pytest

from creditsapp.services import registration as registering
from creditsapp.services import welcome
from creditsapp.services.addresses import inbox
from creditsapp.services.registration import Applicant
from creditsapp.services.welcome import Bonus, network_of
from tests.builders import PASSWORD, make_user
from tests.databases import execute, on_sqlite

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@gmail.com", "a.d.a+x@googlemail.com", True),
        ("ada@example.com", "ada+x@example.com", True),
        ("ada@example.com", "a.da@example.com", False),
        ("ada@outlook.com", "ada+x+y@outlook.com", True),
        ("ada@outlook.com", "ada@hotmail.com", False),
        ("ada@icloud.com", "ada+x@me.com", True),
        ("ada@proton.me", "a-d.a_+x@pm.me", True),
        ("ada@yahoo.co.uk", "ada-x@yahoo.co.uk", True),
        ("ada@example.com", "ada-x@example.com", False),
        ("ada@fastmail.com", "anything@ada.fastmail.com", True),
        ("+x@example.com", "+y@example.com", False),
    ],
)
@on_sqlite
def test_two_spellings_are_one_mailbox_or_not(one, other, same):
    assert (inbox(one) == inbox(other)) == same


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.0/24"),
        ("::ffff:10.1.2.3", "10.1.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", None),
        (None, None),
        ("unix:", None),
    ],
)
@on_sqlite
def test_a_network_is_what_an_address_lies_in(address, network):
    assert network_of(address) == network


def sign_up(email, network="10.1.2.0/24", most=0, amount=50):
    bonus = Bonus(Decimal(amount), network, most)
    return registering.sign_up(Applicant(email, PASSWORD), bonus).welcome


def test_a_person_and_a_network_get_so_much_and_no_more():
    assert sign_up("ada@gmail.com", most=2) == "given"
    assert sign_up("a.da@gmail.com", most=2) == "repeated"
    assert sign_up("bob@gmail.com", most=2) == "given"
    assert sign_up("cid@gmail.com", most=2) == "network"
    assert sign_up("c.id@gmail.com", "10.1.3.0/24", most=2) == "given"
    assert sign_up("dan@gmail.com", None, most=2) == "given"
    assert sign_up("eva@gmail.com", amount=0) == "none"
    assert make_user(0, "e.va@gmail.com") and sign_up("ev.a@gmail.com") == "given"


def test_the_counts_of_networks_are_of_a_day(database_url):
    assert sign_up("ada@gmail.com", most=1) == "given"
    execute(database_url, "UPDATE welcome_networks SET day = '2020-01-01'")
    assert sign_up("bob@gmail.com", most=1) == "given"
    assert welcome.forget_networks() == 1
    assert sign_up("cid@gmail.com", most=1) == "network"
