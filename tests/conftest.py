"""Tests that ask for `app` run on a migrated SQLite and on a real PostgreSQL."""

import os
import shutil
from collections import defaultdict
from pathlib import Path
from zlib import crc32

import flask_migrate
import pytest
from argon2 import PasswordHasher
from jinja2 import BytecodeCache

from creditsapp import create_app, health
from creditsapp.commands import common
from creditsapp.extensions import db
from creditsapp.services import passwords, verification, welcome
from creditsapp.settings import Settings, load_settings
from tests.databases import empty, running_postgres
from tests.describing import conforming
from tests.gallery.serving import opened
from tests.pooling import POOLED, serving
from tests.servers import WEBHOOK_SECRET, Servers

for name in Settings.model_fields:
    os.environ.pop(name.upper(), None)
health.FRESH = 0
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
welcome._COST = {"n": 2, "r": 1, "p": 1}


class Compiled(BytecodeCache):
    """Templates that were compiled once, for all the apps of a process."""

    def __init__(self):
        self.known = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket):
        self.known[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = Compiled()

# Where SQL is what is tried; what stands above knows of no database (`BOTH=1 make test` for all).
ON_BOTH = {"services", "processes", "crashes", "restoring", "fuzz", "observing"}
ON_BOTH |= {"test_migrations.py", "test_online_migrations.py", "test_schema.py", "test_docs.py"}
ON_BOTH |= {"test_personal_data.py", "test_moving.py"}


def pytest_collection_modifyitems(config, items):
    """Of a test above the services that could run on either database, one is chosen by its name."""
    if "BOTH" in os.environ:
        return
    pairs = defaultdict(dict)
    for item in items:
        kind = getattr(getattr(item, "callspec", None), "params", {}).get("database_url")
        place = item.path.relative_to(Path(__file__).parent).parts[0]
        if isinstance(kind, str) and place not in ON_BOTH:
            pairs[item.nodeid.replace(kind, "")][kind] = item
    spared = {
        pair[sorted(pair)[crc32(name.encode()) % 2]]
        for name, pair in pairs.items()
        if len(pair) == 2
    }
    items[:] = [item for item in items if item not in spared]
    config.hook.pytest_deselected(items=list(spared))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of our own, gone with the session."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres):
    """The URL of a migrated database on it, which the role that only serves may use, too."""
    url = postgres.get_uri()
    migrate(url, **serving(url))
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "credits.db"
    migrate(f"sqlite:///{path}")
    return path


def migrate(url, **settings):
    """Bring a database to the newest schema."""
    app = create_app(settings_for(url, **settings))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


def settings_for(url, **overrides):
    """Settings that owe nothing to the machine's environment."""
    values = {
        "database_url": url,
        "secret_key": "a secret of the tests",
        "dodo_payments_base_url": "http://127.0.0.1:9",
        "dodo_webhook_secret": WEBHOOK_SECRET,
    }
    if POOLED and url.startswith("postgresql:"):
        values |= serving(url)
    return load_settings(_env_file=None, **(values | overrides))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty, migrated database; each test that uses it runs on both kinds."""
    return emptied(request, tmp_path)


def emptied(request, tmp_path):
    """The database of the kind that a test is run for, migrated and without a row."""
    if request.param == "sqlite":
        path = tmp_path / "credits.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("migrated_postgres")
    empty(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request, tmp_path):
    """The URL of a migrated database that no other test uses, in the context of its app."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        postgres.psql("CREATE DATABASE own")
        url = postgres.get_uri("own")
    app = create_app(settings_for(url))
    with app.app_context():
        flask_migrate.upgrade()
        yield url
        db.session.remove()
        db.engine.dispose()
    if request.param == "postgresql":
        postgres.psql("DROP DATABASE own")


@pytest.fixture
def make_app(database_url):
    """Build apps on the test's database; at the end everything in it has to verify."""
    apps = []

    def make(**overrides):
        app = create_app(settings_for(database_url, **overrides))
        app.testing = True
        app.after_request(conforming)
        app.jinja_env.bytecode_cache = TEMPLATES
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions["readiness"].close()
        with app.app_context():
            problems = verification.verify().problems
            db.session.remove()
            db.engine.dispose()
            assert problems == [] or getattr(app, "tampered", False)


@pytest.fixture
def servers(database_url, tmp_path):
    """The app under gunicorn and the sandbox, as processes of their own."""
    found = Servers(database_url, tmp_path)
    if POOLED and database_url.startswith("postgresql:"):
        found.environment |= {name.upper(): it for name, it in serving(database_url).items()}
    with found.running() as running:
        yield running


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def as_root(monkeypatch):
    """Commands are run by root, to whom nobody is known to have signed in."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(common, "LOGIN_UID", Path("/nothing"))


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def context(app):
    """An application context, for tests that call the services."""
    with app.app_context():
        yield app


@pytest.fixture
def flask(app):
    """Run a command; the answer has stdout, stderr and the exit code."""
    runner = app.test_cli_runner()

    def run(*words):
        answer = runner.invoke(args=list(words))
        assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.output
        assert "Traceback" not in answer.output
        return answer

    return run


@pytest.fixture(scope="session")
def gallery(migrated_sqlite, tmp_path_factory):
    """Every page in every state, on a database of its own."""
    path = tmp_path_factory.mktemp("gallery") / "credits.db"
    shutil.copyfile(migrated_sqlite, path)
    with opened(settings_for(f"sqlite:///{path}")) as found:
        yield found
