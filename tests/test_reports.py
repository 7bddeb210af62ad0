"""Reports, exports and races, as operators run them."""

import csv
import io
import json
import os
import re
from collections import Counter

import pytest

from creditsapp import stress
from creditsapp.services import ledger
from tests.builders import (
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
    spend,
)


@pytest.fixture
def credits_command(flask):
    """Run a command of the credits group that ends with the expected code."""

    def run(*words, code=0):
        answer = flask("credits", *words)
        assert answer.exit_code == code, answer.output
        return answer

    return run


@pytest.fixture
def ada(app):
    """50 welcome credits and 100 bought ones, of which 20 were refunded; 70 are used."""
    with app.app_context():
        user = make_user(50, email="ada@example.com")
        settle(payment_event(make_purchase(user)))
        settle(refund_event(amount=100))
        spend(user, 70, description="=HYPERLINK(1)")
        ledger.adjust(make_user(5), -8, description="a debt of three")
    return user


def test_a_report_tells_bought_from_free_and_what_is_owed(credits_command, ada):
    report = json.loads(credits_command("report", "--json").stdout)
    assert report["outstanding"] == 60
    assert (report["bought"], report["free"], report["debts"]) == (60, 0, -3)
    assert report["liabilityDollars"] == 3
    totals = {line["type"]: (line["entries"], line["in"], line["out"]) for line in report["months"]}
    assert totals == {
        "initial": (2, 55, 0),
        "purchase": (1, 100, 0),
        "refund": (1, 0, 20),
        "usage": (1, 0, 70),
        "adjustment": (1, 0, 8),
    }
    assert "liability $3.00" in credits_command("report").stdout


def test_free_credits_are_spent_before_bought_ones(credits_command, app, ada):
    with app.app_context():
        ledger.grant(ada, 45, description="gift")
    report = json.loads(credits_command("report", "--json").stdout)
    assert (report["outstanding"], report["bought"], report["free"]) == (105, 80, 25)


def test_a_report_of_another_month_has_no_lines(credits_command, ada):
    assert (
        json.loads(credits_command("report", "--month", "2020-01", "--json").stdout)["months"] == []
    )
    for month in ("2020-13", "november", "2020"):
        credits_command("report", "--month", month, code=2)


def test_an_empty_ledger_has_a_report(credits_command):
    assert json.loads(credits_command("report", "--json").stdout)["liabilityDollars"] == 0


def test_an_export_is_the_whole_ledger_with_formulas_defused(credits_command, ada, tmp_path):
    path = tmp_path / "ledger.csv"
    credits_command("export", "-o", str(path))
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [row["number"] for row in rows if row["email"] == "ada@example.com"] == list("1234")
    usage = next(row for row in rows if row["type"] == "usage")
    assert (usage["amount"], usage["balance_after"]) == ("-70", "60")
    assert usage["description"] == "'=HYPERLINK(1)"
    assert list(tmp_path.glob("*.part")) == []


def test_an_export_can_be_of_some_days(credits_command, ada):
    assert credits_command("export", "--until", "2020-01-01", "-o", "-").stdout.count("\n") == 1
    assert credits_command("export", "--since", "2020-01-01", "-o", "-").stdout.count("\n") == 7


def test_an_export_into_a_pipe_leaves_it_a_pipe(credits_command, ada, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    credits_command("export", "-o", str(pipe))
    assert os.read(reader, 1000).startswith(b"user_id,email,")
    os.close(reader)
    assert pipe.is_fifo() and list(tmp_path.glob("*.part")) == []


def test_an_export_that_cannot_be_written_says_so(credits_command, ada, tmp_path):
    answer = credits_command("export", "-o", str(tmp_path / "no" / "folder.csv"), code=1)
    assert answer.stderr.count("\n") == 1


def test_a_race_accounts_for_every_credit(credits_command, app):
    words = ("stress", "--processes", "4", "--balance", "20.5", "--cost", "0.5", "--json")
    outcome = json.loads(credits_command(*words).stdout)
    assert (outcome["ok"], outcome["wins"], outcome["finalSum"]) == (True, 41, 0)
    assert json.loads(credits_command("report", "--json").stdout)["months"] == []


def test_a_race_says_what_it_came_to(credits_command):
    lines = credits_command("stress", "--processes", "3", "--balance", "9").stdout.splitlines()
    assert re.fullmatch(r"\d+ attempts, \d+ a second: 9 won, \d+ refused, \d+ released", lines[0])
    assert lines[1:] == [
        "the ledger has exactly the entries that the processes were told of",
        "final sum 0, expected 0: no credit was lost or made",
        "verify: all is right",
    ]


def spend_and_keep_quiet(*race):
    stress._spend(*race)


def pay_twice(user_id, cost, attempt):
    ledger.spend(user_id, cost, operation="stress", key=f"first-{attempt}")
    return ledger.spend(user_id, cost, operation="stress")


@pytest.mark.parametrize("act", [spend_and_keep_quiet, pay_twice])
def test_a_race_in_which_credits_are_lost_is_told(credits_command, monkeypatch, act):
    monkeypatch.setattr(stress, "ACTS", (act,))
    answer = credits_command("stress", "--processes", "2", "--balance", "8", code=1)
    assert "NOT the entries" in answer.stdout
    assert "CREDITS WERE LOST OR MADE" in answer.stdout


def test_a_race_whose_process_dies_is_told(credits_command, monkeypatch):
    def die(*race):
        os._exit(3)

    monkeypatch.setattr(stress, "ACTS", (die,))
    answer = credits_command("stress", "--processes", "2", "--balance", "8", code=1)
    assert "2 processes failed" in answer.stdout
    assert "NOT PROVEN" in answer.stdout


def test_a_race_with_much_to_tell_comes_to_its_end(credits_command, monkeypatch):
    def talk(user_id, balance, cost, chance):
        return Counter(attempts=1), set(range(100_000))

    monkeypatch.setattr(stress, "_compete", talk)
    credits_command("stress", "--processes", "2", "--balance", "8", code=1)
