"""SIGTERM under load: requests in flight get their whole answer, and nobody is charged twice."""

import itertools
import json
import socket
import threading
import time
from http.client import HTTPResponse

import httpx
import pytest
from sqlalchemy import text

from creditsapp.extensions import db
from creditsapp.services import ledger
from tests.builders import PASSWORD, csrf_token
from tests.databases import nobody_can_write
from tests.servers import Servers

pytestmark = pytest.mark.processes

CLIENTS = 6
PATH = "/api/operations/theme_generation"


class Load:
    """Clients who pay for one operation after another until nobody answers any more."""

    def __init__(self, url):
        self.url, self.keys, self.statuses = url, {}, {}
        with httpx.Client(base_url=url) as browser:
            token = csrf_token(browser.get("/auth/register").text)
            fields = {"email": "ada@example.com", "password": PASSWORD, "csrf_token": token}
            assert browser.post("/auth/register", data=fields).status_code == 303
            token = csrf_token(browser.get("/studio/").text)
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
        self.headers = {"X-CSRFToken": token, "Cookie": cookies}
        self.threads = [threading.Thread(target=self._pay, args=(n,)) for n in range(CLIENTS)]

    @property
    def in_flight(self):
        """The newest key of each client, while it has no answer."""
        return set(self.keys.values()) - set(self.statuses)

    def request(self, key):
        return {"json": {"prompt": key}, "headers": self.headers | {"Idempotency-Key": key}}

    def _pay(self, client):
        for number in itertools.count():
            key = self.keys[client] = f"client-{client}-{number}"
            try:
                answer = httpx.post(self.url + PATH, timeout=90, **self.request(key))
            except httpx.TransportError:
                return
            self.statuses[key] = answer.status_code


class Upload:
    """A request whose body comes in two parts, on a new connection or on one that was kept."""

    def __init__(self, load, port, key, *, kept):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.body = json.dumps({"prompt": key}).encode()
        if kept:
            self.connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert self.answer().headers["Connection"] == "keep-alive"
        headers = load.request(key)["headers"] | {
            "Host": "localhost",
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            "Expect": "100-continue",
        }
        lines = (f"POST {PATH} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers), "", "")
        self.connection.sendall("\r\n".join(lines).encode())
        assert self.connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it has a thread
        self.connection.sendall(self.body[:5])

    def end(self):
        self.connection.sendall(self.body[5:])

    def answer(self):
        answer = HTTPResponse(self.connection)
        answer.begin()
        answer.read()
        return answer


def wait_until(true):
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stuck(load):
    """The keys of all clients, once none of them has got any further for two seconds."""
    seen, since, deadline = set(), time.monotonic(), time.monotonic() + 30
    while len(seen) < CLIENTS or time.monotonic() < since + 2:
        assert time.monotonic() < deadline
        if load.in_flight != seen:
            seen, since = load.in_flight, time.monotonic()
        time.sleep(0.05)
    return seen


def test_requests_in_flight_at_sigterm_get_their_answer(app, database_url, tmp_path):
    servers = Servers(database_url, tmp_path)
    servers.environment["INITIAL_FREE_CREDITS"] = "1000"
    with servers.app_alone("tests.crashes.patient:app") as process:
        load = Load(servers.url)
        for thread in load.threads:
            thread.start()
        wait_until(lambda: len(load.statuses) >= CLIENTS)
        with nobody_can_write(database_url):
            waiting = stuck(load)
            uploads = {
                "upload": Upload(load, servers.app_port, "upload", kept=False),
                "another": Upload(load, servers.app_port, "another", kept=True),
            }
            process.terminate()
            log = tmp_path / "gunicorn.log"
            wait_until(lambda: "Handling signal: term" in log.read_text())
            time.sleep(0.5)  # for the workers to hear of it; it is right as well where they do not
            assert load.in_flight == waiting
            for upload in uploads.values():
                upload.end()
        for key, upload in uploads.items():
            with upload.connection:
                load.statuses[key] = upload.answer().status
        for thread in load.threads:
            thread.join(90)
        assert process.wait(60) == 0
    assert waiting <= set(load.statuses)
    assert set(load.statuses.values()) == {201}
    never_answered = load.in_flight
    assert len(never_answered) == CLIENTS

    again = app.test_client(use_cookies=False)
    for key in (*waiting, *never_answered):
        answer = again.post(PATH, **load.request(key))
        assert answer.status_code == 201
        assert key not in waiting or answer.headers["Idempotency-Replayed"] == "true"
    with app.app_context():
        [user] = db.session.scalars(text("SELECT user_id FROM wallets"))
        assert ledger.balance(user).balance == 1000 - len(load.statuses) - CLIENTS
