"""A backup of SQLite: of one moment, proven, and in nobody's way."""

import os
import sqlite3
import stat

import pytest

from creditsapp import create_app
from creditsapp.extensions import db
from creditsapp.services import backups, verification
from tests.builders import make_purchase, make_user, payment_event, settle, spend
from tests.conftest import settings_for
from tests.databases import contents, execute, on_postgresql, on_sqlite


def backed_up(flask, path, *words):
    return flask("credits", "backup", "-o", str(path), *words)


@pytest.fixture
def ada(context):
    user = make_user(50)
    settle(payment_event(make_purchase(user)))
    spend(user, 1)
    db.session.remove()
    return user


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_a_backup_is_the_database_in_one_private_file(flask, database_url, tmp_path):
    path = tmp_path / "backup.db"
    answer = backed_up(flask, path)
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "1 wallet, 3 entries: all is right" in answer.stderr
    assert contents(f"sqlite:///{path}") == contents(database_url)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == ["backup.db"]
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        assert spend(1, 1).number == 4
        assert verification.verify().problems == []
        db.session.remove()
        db.engine.dispose()


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_what_is_there_stays_unless_it_is_to_be_replaced(flask, database_url, tmp_path):
    path = tmp_path / "backup.db"
    path.write_text("precious")
    answer = backed_up(flask, path)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert path.read_text() == "precious"
    assert backed_up(flask, path, "--overwrite").exit_code == 0
    assert contents(f"sqlite:///{path}") == contents(database_url)
    itself = database_url.removeprefix("sqlite:///")
    os.link(itself, tmp_path / "the same")
    (tmp_path / "beside").symlink_to(tmp_path)
    theirs = [f"{itself}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
    for name in (*theirs, tmp_path / "the same", f"{tmp_path}/beside/credits.db-journal"):
        answer = backed_up(flask, name, "--overwrite")
        assert (answer.exit_code, "belongs to the database" in answer.stderr) == (1, True)
    assert "exists" in backed_up(flask, "/dev/null", "--overwrite").stderr
    assert backed_up(flask, "-").exit_code == 2
    for nowhere in (tmp_path / "nowhere" / "backup.db", tmp_path / ("x" * 300)):
        answer = backed_up(flask, nowhere)
        assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_a_name_that_was_taken_meanwhile_is_not_replaced(flask, tmp_path, monkeypatch):
    path = tmp_path / "backup.db"

    def copy(source, target, original=backups._copy):
        original(source, target)
        path.write_text("precious")

    monkeypatch.setattr(backups, "_copy", copy)
    answer = backed_up(flask, path)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert path.read_text() == "precious"
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == ["backup.db"]


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_the_file_that_was_made_is_proven_whatever_it_is_called(flask, tmp_path):
    answer = backed_up(flask, tmp_path / "x?y#z%41.db")
    assert answer.exit_code == 0
    assert "1 wallet, 3 entries: all is right" in answer.stderr


WRONG = {
    "a forged balance": "UPDATE wallets SET balance = 1, lifetime_added = lifetime_used + 1",
    "a row that refers to nothing": "INSERT INTO account_links (id, user_id, purpose, email,"
    " created_at, expires_at) VALUES ('x', 99, 'reset', 'x', '2026-01-01', '2026-01-01')",
}


@on_sqlite
@pytest.mark.parametrize("sql", WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("ada")
def test_what_is_not_right_is_kept_and_gets_no_name(flask, app, database_url, tmp_path, sql):
    app.tampered = True
    execute(database_url, sql)
    for number in (1, 2):
        answer = backed_up(flask, tmp_path / "backup.db")
        assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
        kept = list(tmp_path.glob("backup*.wrong"))
        assert len(kept) == number
        assert list(tmp_path.glob("backup*")) == kept
        assert contents(f"sqlite:///{kept[0]}") == contents(database_url)


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_a_damaged_file_is_found(flask, app, database_url, tmp_path, monkeypatch):
    def copy(source, target, original=backups._copy):
        original(source, target)
        with target.open("r+b") as file:
            file.seek(5 * 4096)
            file.write(b"\xff" * 4096 * 4)

    monkeypatch.setattr(backups, "_copy", copy)
    answer = backed_up(flask, tmp_path / "backup.db")
    assert (answer.exit_code, "is damaged" in answer.stderr) == (1, True)
    assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "backup.db").exists()


@on_sqlite
@pytest.mark.usefixtures("ada")
def test_an_older_schema_is_backed_up_before_it_is_migrated(flask, database_url, tmp_path):
    execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    answer = backed_up(flask, tmp_path / "backup.db")
    assert answer.exit_code == 0
    assert "not proven: the schema is 0001" in answer.stderr


@on_sqlite
def test_no_room_is_one_line_and_leaves_nothing(flask, ada, tmp_path, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backups, "_copy", full)
    answer = backed_up(flask, tmp_path / "backup.db")
    assert answer.exit_code == 1
    assert answer.stderr == "Error: No backup was made: database or disk is full\n"
    assert not [each for each in tmp_path.iterdir() if "backup" in each.name]


@on_postgresql
def test_postgresql_has_its_own_tools_which_are_named(flask, tmp_path):
    answer = backed_up(flask, tmp_path / "backup.db")
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "pg_dump" in answer.stderr
