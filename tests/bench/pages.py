"""The ledger page of a long history beside that of a short one: whole, and call by call."""

from zoneinfo import ZoneInfo

from creditsapp.extensions import db
from creditsapp.services import accounts, ledger, periods
from creditsapp.services.transaction import now
from tests.bench.data import fill
from tests.bench.measuring import compare, milliseconds
from tests.bench.spending import app_on
from tests.builders import PASSWORD, csrf_token

AIM = "≤ 1.3"
ZONE = ZoneInfo("Europe/Berlin")


def ledger_pages(bench):
    """Both ledgers on both systems: the newest page, one deep inside, and what they call."""
    for kind, name in (("postgresql", "PostgreSQL"), ("sqlite", "SQLite")):
        with app_on(long_and_short(bench, kind)) as app:
            sizes = (bench.many, bench.few)
            visits = [visitor(app, entries) for entries in sizes]
            for what, calls in {
                "newest ledger page": [visit("/credits/") for visit in visits],
                "ledger page deep inside": [
                    visit(f"/credits/?before={entries // 2}")
                    for visit, entries in zip(visits, sizes, strict=True)
                ],
                "ledger.history, newest": [_service(app, entries, _newest) for entries in sizes],
                "ledger.history, deep": [_service(app, entries, _deep) for entries in sizes],
                "periods.summed": [_service(app, entries, _summed) for entries in sizes],
            }.items():
                yield compare(
                    f"{what}, {name}",
                    "ms",
                    bench.rounds,
                    ours=_side(bench, bench.many, calls[0]),
                    reference=_side(bench, bench.few, calls[1]),
                    aim=AIM,
                )


def _side(bench, entries, call):
    return f"{entries:,} entries", lambda: milliseconds(call, bench.seconds / 2)


def long_and_short(bench, kind):
    """The URL of a database with two people: one with many entries, one with few."""

    def prepare(url):
        with app_on(url) as app, app.app_context():
            for entries in (bench.many, bench.few):
                user_id = accounts.register(email(entries), PASSWORD, welcome=0).id
                fill(url, user_id, user_id, entries)

    return bench.databases.url(kind, "pages", prepare)


def email(number):
    """A person's address; here, their ledger has so many entries."""
    return f"person{number}@example.com"


def visitor(app, number):
    """What makes visits to paths of a ledger with several pages, by the person of this number."""
    client = app.test_client()
    client.set_cookie("zone", ZONE.key)
    token = csrf_token(client.get("/auth/login").text)
    fields = {"csrf_token": token, "email": email(number), "password": PASSWORD}
    assert client.post("/auth/login", data=fields).status_code == 303

    def visit(path):
        def call():
            answer = client.get(path)
            assert answer.status_code == 200 and "Older entries" in answer.text

        return call

    return visit


def _service(app, entries, work):
    with app.app_context():
        user_id = accounts.by_email(email(entries)).id

    def call():
        with app.app_context():
            work(user_id, entries)
            db.session.remove()

    return call


def _newest(user_id, _entries):
    ledger.history(user_id, limit=50)


def _deep(user_id, entries):
    ledger.history(user_id, limit=50, before=entries // 2)


def _summed(user_id, _entries):
    periods.summed(user_id, now(), ZONE)
