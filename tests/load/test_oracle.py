"""The judge of a load finds what is wrong, so that its silence says something."""

from creditsapp.services import holds
from tests.builders import make_user, spend
from tests.databases import execute, on_sqlite
from tests.load.journal import Journal
from tests.load.oracle import judge


@on_sqlite
def test_what_is_lost_or_twice_or_told_to_nobody_is_found(app, database_url):
    with app.app_context():
        user = make_user(50)
        for words in ("told", "told, done twice", "told, done twice", "told to nobody"):
            spend(user, 1, description=words)
        holds.hold(user, 3, operation="test", description="left open")
    journal = Journal()
    for words in ("told", "told, done twice", "told, lost"):
        journal.acknowledged("spend", user, words, -1, 0.0, 0)
    journal.acknowledged("hold", user, "told, lost", 0, 0.0, 0)
    verdict = judge(database_url, journal)
    assert (verdict.lost, verdict.twice, verdict.strange, verdict.unbalanced) == (2, 1, 2, 1)


@on_sqlite
def test_a_ledger_that_is_what_was_told_is_right(app, database_url):
    with app.app_context():
        user = make_user(50)
        spend(user, 1, description="told")
    journal = Journal()
    journal.acknowledged("spend", user, "told", -1, 0.0, 0)
    assert judge(database_url, journal).right
    app.tampered = True
    execute(database_url, "UPDATE wallets SET balance = 0, lifetime_used = lifetime_added")
    assert not judge(database_url, journal).right
