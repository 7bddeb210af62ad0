"""A question to the database is answered, whatever goes wrong beside it."""

import threading

import pytest
from sqlalchemy import Engine

from creditsapp.asking import Question, Unanswered
from tests.databases import on_sqlite

pytestmark = on_sqlite


def wrong(connection):
    connection.exec_driver_sql("SELECT nothing")


def test_a_connection_that_cannot_be_closed_leaves_no_question_open(app, monkeypatch):
    def fail(_engine):
        raise RuntimeError("it cannot be closed")

    question = Question(app, wrong, seconds=30)
    monkeypatch.setattr(Engine, "dispose", fail)
    for _ in range(2):
        with pytest.raises(Unanswered, match="OperationalError"):
            question.answer()
    monkeypatch.undo()
    question.close()


def test_a_process_without_a_thread_to_spare_asks_the_next_time(app, monkeypatch):
    def fail(_thread):
        raise RuntimeError("can't start new thread")

    question = Question(app, lambda connection: "well", seconds=30)
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(threading.Thread, "start", fail)
        question.answer()
    assert question.answer() == "well"
