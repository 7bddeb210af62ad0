"""A full disk: the act is refused as one to try again, nothing changes, and room heals it."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from creditsapp.extensions import db
from creditsapp.services import holds, ledger
from creditsapp.services.errors import TryAgainLater
from tests.builders import csrf_token, make_purchase, make_user, payment_event, register, settle
from tests.databases import contents, execute
from tests.forks import let_go

FULL = """
CREATE FUNCTION refuse_for_lack_of_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON {} EXECUTE FUNCTION refuse_for_lack_of_room()
"""
ROOM = "DROP TRIGGER full_disk ON {}; DROP FUNCTION refuse_for_lack_of_room()"


@contextmanager
def full_disk(app, url, table="ledger_entries"):
    """Leave no room: SQLite's file may not grow; PostgreSQL says so for one table."""
    if not url.startswith("sqlite"):
        execute(url, FULL.format(table))
        try:
            yield
        finally:
            execute(url, ROOM.format(table))
        return
    with app.app_context():
        engine = db.engine
    let_go(app)

    def may_not_grow(connection, _record):
        connection.execute("PRAGMA max_page_count = 1")  # which means: what there is

    event.listen(engine, "connect", may_not_grow)
    try:
        yield
    finally:
        event.remove(engine, "connect", may_not_grow)
        let_go(app)


def until_refused(act):
    """Repeat an act with new keys until it is refused; return the key for which it was."""
    for number in range(1000):
        try:
            act(f"key-{number}")
        except TryAgainLater:
            return f"key-{number}"
    raise AssertionError("there is room without end")


LONG = "x" * 400
ACTS = {
    "spend": lambda user, key: ledger.spend(
        user, 1, operation="test", description=LONG, details={"input": LONG * 5}, key=key
    ),
    "spend_many": lambda user, key: ledger.spend_many(
        user, [ledger.Usage(1, "test", LONG, {"input": LONG * 5}, f"{key}-{n}") for n in (1, 2)]
    ),
    "grant": lambda user, key: ledger.grant(user, 1, description=LONG, key=key),
    "capture": lambda user, key: holds.capture(
        user, holds.hold(user, 1, operation="test", description=LONG, key=key).id, key=key
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_without_room_is_to_be_tried_again_and_is_done_once_there_is(
    app, database_url, name
):
    with app.app_context():
        user = make_user(5000)
    with full_disk(app, database_url), app.app_context():
        key = until_refused(lambda key: ACTS[name](user, key))
        db.session.remove()
        before = contents(database_url)
        with pytest.raises(TryAgainLater):
            ACTS[name](user, key)
        assert contents(database_url) == before
    with app.app_context():
        version = ledger.balance(user).version
        ACTS[name](user, key)
        assert ledger.balance(user).version == version + (2 if name == "spend_many" else 1)


def test_a_webhook_without_room_is_not_stored_and_its_retry_credits_once(app, database_url):
    with app.app_context():
        user = make_user(0)
        purchases = [make_purchase(user) for _ in range(50)]
    answers = {}

    def pay(number):
        event = payment_event(purchases[number], payment_id=f"pay_{number}")
        answers[number] = settle(event, webhook_id=f"msg_{number}")

    with full_disk(app, database_url), app.app_context():
        while True:
            number = len(answers)
            before = contents(database_url)
            try:
                pay(number)
            except TryAgainLater:
                break
            db.session.remove()
        db.session.remove()
        assert contents(database_url) == before
    with app.app_context():
        pay(number)
        assert set(answers.values()) == {"credits_added"}
        assert ledger.balance(user).balance == 100 * len(answers)


def test_a_request_without_room_is_answered_503_and_the_same_key_works_later(
    app, client, database_url
):
    register(client)
    headers = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}

    def generate(number):
        return client.post(
            "/api/operations/theme_generation",
            json={"prompt": "the sea"},
            headers=headers | {"Idempotency-Key": f"key-{number}"},
        )

    with full_disk(app, database_url):
        for number in range(40):
            answer = generate(number)
            if answer.status_code != 201:
                break
        assert (answer.status_code, answer.json["error"]) == (503, "try_again")
        assert answer.headers["Retry-After"]
        assert client.get("/healthz").status_code == 200
    answer = generate(number)
    if answer.status_code == 409:  # what it had held could not be let go either
        assert answer.json["error"] == "operation_in_progress"
        execute(database_url, "UPDATE holds SET expires_at = created_at WHERE status = 'held'")
        answer = generate(number)
    assert answer.status_code == 201
    assert client.get("/api/credits/balance").json["balance"] == 50 - 1 - number
