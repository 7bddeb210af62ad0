"""Guessing a password at several workers at once: they count together."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.builders import PASSWORD, csrf_token, make_user
from tests.databases import on_sqlite
from tests.redis_server import running_redis
from tests.servers import Servers


@pytest.fixture
def gunicorn(app, database_url, tmp_path):
    """Three workers with one Redis, and somebody to sign in as."""
    with app.app_context():
        make_user(email="ada@example.com")
    server = Servers(database_url, tmp_path)
    server.environment["GUNICORN_CMD_ARGS"] = "--workers 3"
    with running_redis() as url:
        # On a busy machine it may answer late, which is another test's matter.
        patience = "socket_timeout=30&socket_connect_timeout=30"
        server.environment["RATELIMIT_STORAGE_URI"] = f"{url}?{patience}"
        with server.app_alone():
            yield server


@on_sqlite
@pytest.mark.processes
def test_ten_of_many_guesses_at_once_are_looked_at(gunicorn):
    with httpx.Client(base_url=gunicorn.url) as client:
        token = csrf_token(client.get("/auth/login").text)
        cookies = dict(client.cookies)

    def guess(password):
        fields = {"csrf_token": token, "email": "ada@example.com", "password": password}
        return httpx.post(f"{gunicorn.url}/auth/login", data=fields, cookies=cookies, timeout=30)

    guesses = [f"guess {number}" for number in range(60)]
    with ThreadPoolExecutor(24) as pool:
        answers = [answer.status_code for answer in pool.map(guess, guesses)]
    assert "alone" not in (gunicorn.folder / "gunicorn.log").read_text()
    assert sorted(answers) == [422] * 10 + [429] * 50
    assert guess(PASSWORD).status_code == 429
