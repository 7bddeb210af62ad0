"""Who looks at the gallery: users in every situation, made through the services."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from creditsapp import tokens
from creditsapp.extensions import db
from creditsapp.models import AccountLink, User
from creditsapp.services import accounts, holds, ledger, mailboxes, new_passwords, registration
from creditsapp.services.registration import Applicant
from tests.builders import PASSWORD, make_purchase, spend
from tests.databases import execute
from tests.gallery import orders
from tests.gallery.making import make_one, make_one_of_each

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
DAYS = (0, 0, 0, 1, 2, 5, 9, 14, 25, 40, 90, 400)


@dataclass(frozen=True)
class Person:
    """A user, and the ids that the addresses of their pages name."""

    user_id: int
    ids: dict[str, str] = field(default_factory=dict)


def populate(url):
    """Put everybody into an empty database, in an application context; return them by name."""
    return {name: make(url) for name, make in PEOPLE.items()}


def person(credits, name="Ada Lovelace", email=""):
    """A new user's id."""
    email = email or f"person{db.session.query(accounts.User).count()}@example.com"
    return accounts.register(email, PASSWORD, name=name, welcome=Decimal(credits)).id


def new(_url):
    return Person(person(50))


def full(url):
    """Long names, big numbers, 240 entries of every type over a year, every kind of creation."""
    user = person(
        50, f"{LONG} von und zu Ada Lovelace"[:120], f"{'a.very.long.name' * 3}@example.com"
    )
    ledger.grant(user, Decimal("1234567890.4321"), description=f"For {LONG}, =1+1", actor="op")
    ids = make_one_of_each(user, LONG)
    paid = orders.paid(user, 500, "full")
    orders.refunded_in_part(user, "full-refund")
    orders.disputed(user, "full-dispute")
    ledger.adjust(user, Decimal("-0.0001"), description="A correction", actor="op")
    ledger.adjust(user, 7, description="A correction upwards", actor="op")
    ledger.refund_usage(spend(user, 3, description="Given back <b>&amp;"), Decimal("1.5"))
    for number in range(230):
        spend(user, Decimal(number + 1) / 4, description=f"{LONG} {number}")
    holds.hold(user, 5, operation="image_generation", description="Under way")
    spread(url, user)
    return Person(user, ids | {"paid": paid})


def spread(url, user):
    """Let a user's entries be of the last days and of long ago."""
    last = ledger.history(user, limit=1)[0][0].number
    db.session.remove()
    at = datetime.now(UTC)
    cases = " ".join(
        f"WHEN number <= {last * (len(DAYS) - place) // len(DAYS)}"
        f" THEN '{at - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}'"
        for place, days in reversed(list(enumerate(DAYS)))
    )
    sql = f"UPDATE ledger_entries SET created_at = CASE {cases} END WHERE user_id = {user}"
    execute(url, sql, without_triggers=True)


def low(_url):
    return Person(person(4, name=""))


def one(_url):
    """A single credit, and one used: the singular everywhere."""
    user = person(2)
    spend(user, 1)
    return Person(user)


def empty(_url):
    user = person(5)
    spend(user, 5)
    return Person(user)


def penniless(_url):
    """Never had a credit."""
    return Person(person(0))


def debtor(_url):
    """Spent what was bought, and then the money went back."""
    user = person(0)
    purchase = orders.paid(user, 1, "debt", then=lambda: spend(user, 15))
    orders.take_back("debt")
    return Person(user, {"refunded": purchase})


def corrected(_url):
    """An operator took more than there was."""
    user = person(5)
    ledger.adjust(user, -20, description="The credits were given twice", actor="op")
    return Person(user)


def reserving(_url):
    """50 credits, most of them held by work under way."""
    user = person(50)
    holds.hold(user, 48, operation="image_generation")
    return Person(user)


def buyer(url):
    """One order in each status, and in each state of what was paid."""
    user = person(3)
    return Person(user, orders.one_of_each(url, user))


def german(_url):
    """Reads German from the first page on, and has some of everything."""
    user = person(50)
    spend(user, 1)
    theme = make_one(user, "theme_generation", prompt="das Meer bei Nacht")
    return Person(user, {"theme": theme, "paid": orders.paid(user, 5, "german")})


def hostile(_url):
    """Types scripts wherever something can be typed."""
    script = "\"'></title><img src=x onerror=alert(1)><script>alert(2)</script>"
    user = person(50, script)
    ledger.grant(user, 1, description=script, actor="op")
    spend(user, 1, description=script)
    text = f"# {script}\n\n{script}\n\n[a](javascript:alert(3))\n"
    slides = make_one(user, "document_conversion", text=text, format="html")
    return Person(user, {"slides": slides})


def confirmed(url):
    """Has shown that the address is theirs, and had welcome credits before."""
    user = person(0)
    seen = f"verified_at = created_at, welcome = 'repeated' WHERE id = {user}"
    execute(url, f"UPDATE users SET {seen}")
    return Person(user)


def crowded(url):
    """Came from a network that had many welcome credits on a day."""
    user = person(0)
    execute(url, f"UPDATE users SET welcome = 'network' WHERE id = {user}")
    return Person(user)


def leaving(_url):
    return Person(person(50))


def nobody(url):
    """Is signed out, and has a link of each kind."""
    user = person(50)
    for _ in range(2):
        mailboxes.send_again(user)
        new_passwords.ask(db.session.get_one(User, user).email)
    mailboxes.ask_for_another(user, "ada.lovelace@example.com", PASSWORD)
    registration.apply(Applicant(f"{LONG[:60]}@example.com", PASSWORD))
    found = list(db.session.scalars(select(AccountLink).order_by(AccountLink.created_at)))
    ids = {link.purpose: link.id for link in found}
    ids |= {"used": found[0].id, "old": found[1].id}
    execute(url, f"UPDATE account_links SET used_at = created_at WHERE id = '{ids['used']}'")
    execute(url, f"UPDATE account_links SET expires_at = created_at WHERE id = '{ids['old']}'")
    return Person(user, {name: tokens.token(one) for name, one in ids.items()})


def few(_url):
    return _some(1)


def many(_url):
    return _some(30)


def _some(count):
    """So many creations, orders and refunds, and six times as many entries."""
    user = person(5000)
    for number in range(count):
        creation = make_one(user, "theme_generation", prompt=f"the sea {number}")
        paid = orders.paid(user, 5, f"some-{count}-{number}")
        make_purchase(user)
        ledger.refund_usage(spend(user, 2))
        spend(user, 1)
        ledger.grant(user, 1, description="x")
    return Person(user, {"creation": creation, "paid": paid})


PEOPLE = {
    make.__name__: make
    for make in (
        new,
        full,
        low,
        one,
        empty,
        penniless,
        debtor,
        corrected,
        reserving,
        buyer,
        german,
        hostile,
        confirmed,
        crowded,
        leaving,
        nobody,
        few,
        many,
    )
}
