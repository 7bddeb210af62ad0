"""What the documentation shows is run as it stands, and what it names is there."""

import json
import re
from decimal import Decimal
from queue import Queue
from types import SimpleNamespace

import pytest

from creditsapp.models import User
from creditsapp.services import holds, ledger, verification
from creditsapp.settings import ROOT
from tests.builders import make_user
from tests.databases import execute

INCIDENTS = (ROOT / "docs" / "incidents.md").read_text()
PAGE = (ROOT / "docs" / "adding-an-operation.md").read_text()
STUDIO, *CHARGING = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_of_the_studio_is_an_operation_that_works():
    names = {}
    exec(STUDIO, names)
    example = names["word_count"]
    result = example.run(**example.read({"text": "one two three"}))
    assert (example.cost.credits, result.content) == (2, b"3 words\n")


@pytest.fixture
def around(make_app):
    """What the examples take for granted, in an app with the price list that they show."""
    (prices,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    app = make_app(credit_costs=json.dumps(json.loads(prices)))
    with app.app_context():
        yield {
            "current_user": User(id=make_user(50)),
            "text": "words",
            "document": b"",
            "pages": range(7),
            "script": "a film",
            "form_key": "once",
            "queue": Queue(),
            "translate": str.upper,
            "scan": list,
            "read_pages": lambda _document: range(8),
            "translate_what_is_new": lambda _text: (1, 3),
            "render": lambda _script: SimpleNamespace(minutes=4),
        }


def test_the_examples_of_charging_charge_what_they_say(around):
    user, charges = around["current_user"].id, []
    for example in CHARGING:
        before = ledger.balance(user).balance
        exec(example, around)
        charges.append(before - ledger.balance(user).balance)
    assert charges == [2 + 2, 2 + Decimal("0.67"), 0, 12]
    assert ledger.balance(user).held == 0


def test_the_workers_example_takes_a_job_that_comes_twice(around):
    _before, _afterwards, view, worker = CHARGING
    exec("from creditsapp.charging import charge\n" + view, around)
    job = around["queue"].get()
    for _ in range(2):
        around["queue"].put(job)
        exec(worker, around)
    assert ledger.balance(job[0]).balance == 38


def test_the_sql_of_the_incidents_mends_a_wallets_row_from_its_entries(app, database_url):
    with app.app_context():
        user = make_user(50)
        ledger.spend(user, 7, operation="THEME_GENERATION")
        holds.hold(user, 5, operation="THEME_GENERATION")
        was = ledger.balance(user)
    execute(
        database_url,
        "UPDATE wallets SET version = 9, held = 0, balance = balance + 10000,"
        " lifetime_added = lifetime_added + 10000",
    )
    (mending,) = re.findall(r"```sql\n(.*?)```", INCIDENTS, re.DOTALL)
    with app.app_context():
        assert not verification.verify().ok
    execute(database_url, mending.replace("42", str(user)))
    with app.app_context():
        assert verification.verify().ok
        assert ledger.balance(user) == was
