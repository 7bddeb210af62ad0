"""Connections to PostgreSQL: bounded and durable whatever the server is set to, on many hosts."""

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from creditsapp import create_app
from creditsapp.database import address, timeouts
from creditsapp.extensions import db
from creditsapp.services import holds, ledger, personal_data
from creditsapp.services.errors import TryAgainLater
from creditsapp.services.transaction import snapshot
from creditsapp.settings import SettingsError
from tests.builders import make_user, register
from tests.conftest import settings_for
from tests.databases import on_postgresql
from tests.servers import free_port


def shown(connection, name):
    return connection.scalar(text(f"SHOW {name}"))


@on_postgresql
@pytest.mark.parametrize(
    ("found", "kept"),
    [("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")],
)
def test_no_session_loses_commits(make_app, database_url, found, kept):
    app = make_app(database_url=f"{database_url}&options=-csynchronous_commit%3D{found}")
    with app.app_context(), db.engine.connect() as connection:
        assert shown(connection, "synchronous_commit") == kept


@on_postgresql
@pytest.mark.parametrize("found", ["off", "local", "remote_write"])
def test_a_pooled_session_that_may_lose_commits_is_refused(database_url, found):
    lossy = f"{database_url}&options=-csynchronous_commit%3D{found}"
    app = create_app(settings_for("", database_url=lossy, database_pooler="transaction"))
    with app.app_context():
        with pytest.raises(OperationalError, match=f"synchronous_commit is {found}"):
            db.engine.connect()
    assert app.test_client().get("/readyz").status_code == 503


@on_postgresql
@pytest.mark.usefixtures("context")
def test_all_waiting_is_bounded_but_of_what_takes_its_time():
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    with db.engine.connect() as connection:
        assert [shown(connection, name) for name in names] == ["8s", "8500ms", "15s"]
    with snapshot(at_length=True) as connection:
        assert [shown(connection, name) for name in names] == ["8s", "0", "0"]
    with snapshot() as connection:
        assert [shown(connection, name) for name in names] == ["8s", "8500ms", "1min"]
    with db.engine.connect() as connection:
        assert shown(connection, "statement_timeout") == "8500ms"


@on_postgresql
def test_a_statement_that_takes_too_long_is_ended_and_told(make_app, monkeypatch):
    monkeypatch.setattr(timeouts, "STATEMENT_SECONDS", 1)
    app = make_app()
    with app.app_context():
        user = make_user(50)
        slow = "UPDATE wallets SET held = held FROM pg_sleep(60) AS s(x)"
        with monkeypatch.context() as patient:
            patient.setattr(holds, "_reserve", lambda session, *_: session.execute(text(slow)))
            with pytest.raises(TryAgainLater):
                holds.hold(user, 5, operation="test")
        assert ledger.balance(user).held == 0


@on_postgresql
def test_one_connection_for_each_thread_is_enough(make_app):
    app = make_app(web_threads=1)
    browser = app.test_client()
    register(browser)
    app.extensions["postman"].finish()
    with app.app_context():
        taken = [db.engine.connect() for _ in range(2)]  # the other one sends mails
        db.engine.pool._timeout = 0.05
        with pytest.raises(PoolExhausted):
            db.engine.connect()
    try:
        assert browser.get("/studio/").status_code == 503
    finally:
        for one in taken:
            one.close()
    assert browser.get("/studio/").status_code == 200


@on_postgresql
def test_what_is_kept_about_a_person_is_read_by_one_connection(make_app):
    app = make_app(web_threads=1)
    with app.app_context():
        user = make_user(50)
        db.engine.pool._timeout = 0.05
        db.session.remove()
        with db.engine.connect():  # the only other one
            assert list(personal_data.rows_about(user, to_operators=True))


@on_postgresql
@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("to_operators", [False, True])
def test_only_operators_read_about_a_person_without_a_bound(to_operators):
    user, statements = make_user(50), []
    listener = "before_cursor_execute"
    event.listen(db.engine, listener, lambda _at, _cursor, said, *_: statements.append(said))
    assert list(personal_data.rows_about(user, to_operators=to_operators))
    (begin,) = [said for said in statements if said.startswith("BEGIN ISOLATION")]
    assert ("statement_timeout = 0" in begin) is to_operators


@on_postgresql
def test_the_first_of_many_hosts_that_takes_writes_is_used(make_app, database_url):
    sockets = psycopg.conninfo.conninfo_to_dict(database_url)["host"]
    several = f"host=127.0.0.1,{sockets}&port={free_port()},5432"
    app = make_app(database_url=f"postgresql://postgres@/postgres?{several}")
    register(app.test_client())
    with app.app_context(), db.engine.connect() as connection:
        parameters = connection.connection.driver_connection.info.get_parameters()
        assert parameters["target_session_attrs"] == "read-write"
        assert parameters["connect_timeout"] == "2"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p%40%2F@h:5/d", "postgresql+psycopg://u:p%40%2F@h:5/d"),
        ("postgresql://[::1]:5/d", "postgresql+psycopg://[::1]:5/d"),
        (
            "postgresql://u:p@h1:1,[::1],h3:3/d?target_session_attrs=primary",
            "postgresql+psycopg://u:p@/d?host=h1%2C%3A%3A1%2Ch3&port=1%2C%2C3"
            "&target_session_attrs=primary",
        ),
        ("postgresql://u@h1,h2/d", "postgresql+psycopg://u@/d?host=h1%2Ch2"),
        ("postgresql://u@/d?host=a:1&host=b:2", "postgresql+psycopg://u@/d?host=a%2Cb&port=1%2C2"),
        ("postgresql://u@/d?host=a&host=b", "postgresql+psycopg://u@/d?host=a%2Cb"),
        ("postgresql:///d?host=/run/pg", "postgresql+psycopg:///d?host=%2Frun%2Fpg"),
        ("postgresql:///d?user=u&password=s", "postgresql+psycopg://u:s@/d"),
        (
            "postgresql://h/d?sslmode=verify-full&sslrootcert=/a%20b/ca.pem",
            "postgresql+psycopg://h/d?sslmode=verify-full&sslrootcert=%2Fa%20b%2Fca.pem",
        ),
    ],
)
def test_an_address_is_read_as_libpq_reads_it(written, read):
    assert address.normalised(written) == read
    assert address.normalised(read) == read
    ours = psycopg.conninfo.conninfo_to_dict(read.replace("+psycopg", ""))
    if written.count("host=") < 2:
        theirs = psycopg.conninfo.conninfo_to_dict(written)
        ours.pop("port", None), theirs.pop("port", None)
        assert ours == theirs


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "is not a database URL"),
        ("mysql://h/d", "must begin with"),
        ("postgresql://u:pass/word@h/d", "percent|%2F"),
        ("postgresql://h:99999/d", "port"),
        ("postgresql://h1,h2,h3/d?port=1,2", "one port for each host"),
        ("postgresql://h/d?sslmod=require", "sslmod"),
        ("postgresql://u:%zzsecret@h/d", "is not a database URL"),
    ],
)
def test_an_address_that_is_none_is_one_clear_line(url, reason):
    with pytest.raises(SettingsError, match=f"^DATABASE_URL: .*({reason})") as refusal:
        settings_for("sqlite://", database_url=url)
    assert "\n" not in str(refusal.value) and "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["sqlite:///x", "postgresql://app@h/d", "nonsense", "postgresql://owner@h:x/d"]
)
def test_an_owner_that_cannot_be_one_is_refused(url):
    with pytest.raises(SettingsError, match="^DATABASE_OWNER_URL: "):
        settings_for("postgresql://app@h/d", database_owner_url=url)
