"""A page asks the database as often for a long history as for a short one."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from creditsapp.extensions import db
from tests.gallery import states
from tests.gallery.states import State

NO_QUERIES = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
# How many statements each page takes, with a few rows of everything as with many.
QUERIES = {
    "/": 1,
    states.ACCOUNT: 3,
    "/studio/": 3,
    states.THEME: 2,
    states.CONVERT: 2,
    "/studio/creations": 4,
    "/studio/creations/{creation}": 6,
    states.LEDGER: 6,
    states.LEDGER + "?before=5": 6,
    states.ORDERS: 3,
    states.PURCHASE: 2,
    "/credits/success?purchase={paid}": 5,
    "/credits/purchases/{paid}": 8,
    "/nowhere": 2,
}


@contextmanager
def counted(gallery):
    """The statements that reach the driver within the block, SQLAlchemy's and all others."""
    statements = []

    def trace(connection, *_):
        connection.set_trace_callback(
            lambda sql: None if sql.startswith(NO_QUERIES) else statements.append(sql)
        )

    with gallery.app.app_context():
        db.engine.dispose()
        event.listen(db.engine, "connect", trace)
        try:
            yield statements
        finally:
            event.remove(db.engine, "connect", trace)
            db.engine.dispose()


@pytest.mark.parametrize("path", QUERIES)
def test_a_page_takes_as_many_queries_with_many_rows_as_with_few(gallery, path):
    taken = {}
    for who in ("few", "many"):
        gallery.answer(State("warm", path, who))
        with counted(gallery) as statements:
            gallery.answer(State("counted", path, who))
        taken[who] = statements
    assert [len(taken["few"]), len(taken["many"])] == [QUERIES[path]] * 2, str(taken["few"])


def test_statements_past_the_orm_are_counted(gallery):
    with counted(gallery) as statements:
        connection = db.engine.raw_connection()
        connection.cursor().execute("SELECT 1")
        connection.close()
    assert statements == ["SELECT 1"]
