"""The restore drill: lose the database under load, restore it, and let Dodo tell of the rest."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from creditsapp import create_app
from creditsapp.extensions import db
from creditsapp.services import ledger, verification
from tests.builders import make_user
from tests.conftest import settings_for
from tests.databases import contents, execute
from tests.forks import let_go
from tests.reconciling.conftest import Shop, sandbox_url  # noqa: F401  (a fixture)
from tests.restoring.drill import Spenders, bank
from tests.restoring.ways import Archive, Backup, Dump

WAYS = [Backup, Dump]
SPENDERS = int(os.environ.get("RESTORE_SPENDERS", 1))
ENTRIES = int(os.environ.get("RESTORE_ENTRIES", 5))
if "RESTORE_SPENDERS" in os.environ:
    WAYS.append(Archive)
BUYER = "buyer@example.com"


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request, tmp_path):
    with request.param.set_up(request, tmp_path) as way:
        yield way


def app_on(url, sandbox_url):  # noqa: F811
    return create_app(settings_for(url, dodo_payments_base_url=sandbox_url))


def test_what_was_kept_comes_back_and_what_was_paid_since_is_healed_once(way, sandbox_url):  # noqa: F811
    app = app_on(way.url, sandbox_url)
    spenders = Spenders(app, SPENDERS)
    with httpx.Client(base_url=sandbox_url) as http, app.app_context():
        shop, buyer = Shop(app, sandbox_url, http), make_user(0, email=BUYER)

        def buy():
            payment_id = shop.pay(shop.order(buyer))
            shop.deliver(payment_id)
            return payment_id

        waiting = shop.order(buyer)
        buy()
        let_go(app)
        with spenders, ThreadPoolExecutor(1) as threads:
            spenders.go_on(ENTRIES)
            at_least = spenders.counts()
            keeping = threads.submit(way.keep, app)
            while not keeping.done():
                buy()
            keeping.result()
            spenders.go_on(ENTRIES)
            shop.deliver(shop.pay(waiting))
            stray = buy()
        at_most = spenders.counts()
        let_go(app)
    with way.restored() as url:
        app = app_on(url, sandbox_url)
        with app.app_context():
            assert verification.verify().problems == []
            for user in spenders.users:
                found = ledger.balance(user).version
                assert at_least[user] <= found <= at_most[user] + 1
            _is_made_whole(app, url, waiting, stray)
            db.session.remove()
            db.engine.dispose()


def _is_made_whole(app, url, waiting, stray):
    """Everything that was paid is credited once: by reconciling, or by a person it names."""
    flask = app.test_cli_runner().invoke
    balance, entries, sold, credited = bank()
    assert (balance, sold) == (entries, credited)
    db.session.remove()

    first = flask(args=["credits", "reconcile"]).stdout
    assert first.count("credits added (healed)") >= 1
    assert ledger.balance(waiting.user_id).balance > sold
    db.session.remove()
    before = contents(url)
    second = flask(args=["credits", "reconcile"]).stdout
    assert ": 0 healed" in second
    assert contents(url) == before

    rows = json.loads(flask(args=["credits", "purchases", "--json"]).stdout)["purchases"]
    strays = [row["paymentId"] for row in rows if row["status"] == "recorded"]
    assert stray in strays  # its order was made after the backup
    for payment_id in strays:
        words = ("credits", "attach", payment_id, BUYER, "--reason", "made after the backup")
        answer = flask(args=words)
        assert answer.exit_code == 0, answer.output
    payments = int(first.split(" compared")[0].splitlines()[-1].split()[0])
    assert bank()[2:] == (100 * payments, 100 * payments)

    db.session.remove()
    execute(url, "UPDATE holds SET expires_at = created_at WHERE status = 'held'")
    assert "released" in flask(args=["credits", "release-holds"]).stdout
    done = flask(args=["credits", "verify"])
    assert done.exit_code == 0, done.output
