"""The outbox: queued with what it tells of, printed or sent once, tried again with patience."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from creditsapp.extensions import db
from creditsapp.mail import postman
from creditsapp.models import Mail, User
from creditsapp.services import delivery, mails
from creditsapp.services.delivery import NotSent, Obsolete
from creditsapp.services.transaction import now, transaction
from tests.builders import make_user

DETAILS = {"balance": 93_000, "threshold": 100_000}


def queue(user, key="k", **options):
    with transaction() as session:
        mails._queue(session, user, "low_balance", key=key, **DETAILS | options)


def the_mail(key="k"):
    db.session.expire_all()
    return db.session.query(Mail).filter_by(key=key).one()


def make_due():
    db.session.execute(update(Mail).where(Mail.status == "waiting").values(due_at=now()))
    db.session.commit()


def test_a_mail_is_there_with_what_it_tells_of_or_not_at_all(context):
    user = make_user()
    with pytest.raises(RuntimeError), transaction() as session:
        mails._queue(session, user, "low_balance", key="k", **DETAILS)
        raise RuntimeError("what it tells of did not happen")
    assert list(mails.stored()) == []
    queue(user)
    queue(user)
    assert [mail.kind for mail in mails.stored()] == ["low_balance"]


def test_without_a_server_a_mail_is_printed_and_its_words_are_kept(context, capsys, flask):
    queue(make_user(email="a@example.com"))
    assert postman.send_due() == 1 and postman.send_due() == 0
    printed = capsys.readouterr().out
    assert "To: a@example.com\nSubject: Your balance is low: 9.3 credits\n" in printed
    assert "http://127.0.0.1:8000/credits/purchase\n" in printed
    (listed,) = json.loads(flask("mail", "list", "--json").stdout)["mails"]
    assert (listed["kind"], listed["status"], listed["attempts"]) == ("low_balance", "sent", 1)
    number = str(listed["id"])
    assert json.loads(flask("mail", "show", number, "--json").stdout)["text"] in printed
    assert "9.3 credits left" in flask("mail", "show", number).stdout
    assert flask("mail", "retry", number).exit_code == 1
    assert "low_balance" in flask("mail", "list", "--status", "sent").stdout
    assert flask("mail", "list", "--status", "failed").stdout == ""
    assert flask("mail", "show", "77").exit_code == 1


def test_it_is_written_in_the_language_of_its_reader_and_not_of_the_request(app):
    with app.test_request_context("/?lang=en"):
        user = make_user()
        db.session.get(User, user).language = "de"
        db.session.commit()
        queue(user, balance=12_345_000)
        postman.send_due()
        assert "1.234,5" in the_mail().text


def test_a_mail_that_fails_is_tried_again_later_and_given_up_in_the_end(context, flask):
    queue(make_user())
    waits = []

    def fail(letter):
        raise NotSent("450 come back later")

    for attempt in range(1, delivery.MOST_ATTEMPTS + 1):
        assert delivery.send_due(fail) == 0
        mail = the_mail()
        assert (mail.attempts, mail.last_error) == (attempt, "450 come back later")
        if mail.due_at:
            waits.append(mail.due_at - now())
        make_due()
    assert the_mail().status == "failed"
    assert timedelta(seconds=50) < waits[0] < timedelta(minutes=1) < waits[1]
    assert max(waits) <= timedelta(hours=6)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)
    assert "450 come back later" in flask("mail", "list", "--status", "failed").stdout
    assert flask("mail", "retry", str(the_mail().id)).exit_code == 0
    assert flask("mail", "send").stdout.endswith("1 mail sent\n")


def test_one_that_can_never_be_sent_fails_at_once_and_stops_no_other(context):
    first, second = make_user(), make_user()
    queue(first, "k1")
    queue(second, "k2")
    sent = []

    def send(letter):
        if letter.user_id == first:
            raise NotSent("550 no such mailbox", final=True)
        sent.append(letter.recipient)

    assert delivery.send_due(send) == 1
    assert (the_mail("k1").status, the_mail("k2").status, len(sent)) == ("failed", "sent", 1)


def test_a_server_that_is_away_is_asked_for_one_mail_only(context):
    user, asked = make_user(), []
    for key in ("k1", "k2", "k3"):
        queue(user, key)

    def send(letter):
        asked.append(letter)
        raise NotSent("no connection", server=True)

    assert delivery.send_due(send) == 0
    assert len(asked) == 1
    assert [mail.attempts for mail in mails.stored()] == [1, 0, 0]


def test_a_mistake_in_writing_one_mail_stops_no_other_and_tells_no_words(context, caplog):
    user = make_user()
    queue(user, "k1", balance="secret words")
    queue(user, "k2")
    assert postman.send_due() == 1
    assert the_mail("k1").last_error == "it could not be written: TypeError"


def test_one_sender_at_a_time_has_a_mail_and_one_that_is_killed_leaves_it(context):
    queue(make_user())
    inner = []

    def send(letter):
        inner.append(delivery.send_due(inner.append))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        delivery.send_due(send)
    assert inner == [0]
    mail = the_mail()
    assert mail.status == "waiting" and mail.due_at > now() + timedelta(minutes=4)
    make_due()
    assert delivery.send_due(lambda letter: None) == 1
    assert the_mail().attempts == 2


def test_a_process_that_stops_ends_the_mail_under_way_and_leaves_the_others_due(
    app, context, monkeypatch
):
    ours, sent = app.extensions["postman"], []
    for key in ("k1", "k2", "k3"):
        queue(make_user(), key)

    def send(letter, base):
        sent.append(letter.key)
        ours.stop()

    monkeypatch.setattr(postman, "_send", send)
    ours.wake("http://localhost")
    ours.finish()
    assert sent == ["k1"] and the_mail("k1").status == "sent"
    assert {(the_mail(key).status, the_mail(key).attempts) for key in ("k2", "k3")} == {
        ("waiting", 0)
    }
    assert postman.send_due() == 2


def test_who_is_disabled_or_erased_gets_nothing(context, monkeypatch):
    states = {"disabled_at": "", "erased_at": "", None: "low_balance reset"}
    got = []
    for state, expected in states.items():
        user = make_user()
        if state:
            setattr(db.session.get(User, user), state, now())
            db.session.commit()
        for kind in ("low_balance", "reset"):
            with transaction() as session:
                mails._queue(session, user, kind, key=f"{kind}-{user}")
        got.clear()
        delivery.send_due(lambda letter: got.append(letter.kind))
        assert " ".join(got) == expected
    statuses = [mail.status for mail in mails.stored()]
    assert statuses == ["dropped", "dropped", "dropped", "dropped", "sent", "sent"]


def test_what_has_nothing_to_say_any_more_is_dropped(context):
    queue(make_user())

    def send(letter):
        raise Obsolete

    assert delivery.send_due(send) == 0
    assert the_mail().status == "dropped"


def test_a_user_who_is_forgotten_leaves_no_address_and_no_words(context):
    user, other = make_user(), make_user()
    queue(user, "k1", recipient="old@example.com")
    queue(other, "k2")
    postman.send_due()
    queue(user, "k3", recipient="new@example.com")
    with transaction() as session:
        mails._forget(session, user)
    assert (the_mail("k1").text, the_mail("k1").recipient) == (None, None)
    assert (the_mail("k3").status, the_mail("k3").recipient) == ("dropped", None)
    assert the_mail("k2").text is not None
