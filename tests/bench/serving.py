"""Requests to the app under gunicorn, as it is run, beside requests that do nothing there.

What does nothing is asked for by nobody: without a cookie, there is no session to open.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import httpx

from creditsapp.services import accounts, ledger
from tests.bench.client import as_bytes, load
from tests.bench.measuring import compare
from tests.bench.spending import app_on
from tests.builders import PASSWORD, csrf_token
from tests.servers import Servers

CLIENTS = 8
JSON = {"Content-Type": "application/json"}
BODY = b'{"amount": 1}'


def spend(bench):
    """An authenticated spend, by eight people at once."""
    echo = as_bytes("POST", "/reference/echo", JSON, BODY)
    with served(bench) as (server, people, _process):
        yield _compared(
            bench,
            server,
            "an authenticated spend over HTTP",
            ours=(
                "POST and ledger.spend",
                [as_bytes("POST", "/guarded/spend", JSON | person, BODY) for person in people],
                200,
            ),
            reference=("POST that echoes", [echo] * CLIENTS, 200),
            aim="≥ 0.30",
        )


def unchanged_balance(bench):
    """The balance for those who know it already, by eight people at once."""
    empty = as_bytes("GET", "/reference/empty", {})
    path = "/api/credits/balance"
    with served(bench) as (server, people, _process):
        known = [
            person | {"If-None-Match": httpx.get(server.url + path, headers=person).headers["ETag"]}
            for person in people
        ]
        yield _compared(
            bench,
            server,
            "balance with a matching ETag",
            ours=("GET that gives 304", [as_bytes("GET", path, person) for person in known], 304),
            reference=("GET of nothing", [empty] * CLIENTS, 200),
            aim="≥ 0.50",
        )


def _compared(bench, server, what, *, ours, reference, aim):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:

        def side(name, requests, status):
            work = (load, server.app_port, requests, status, bench.seconds)
            process.submit(load, server.app_port, requests, status, 0.1).result()
            return name, lambda: process.submit(*work).result()

        return compare(
            what, "/s", bench.rounds, ours=side(*ours), reference=side(*reference), aim=aim
        )


@contextmanager
def served(bench, people=CLIENTS):
    """A server on PostgreSQL, the headers of people with credits who are signed in, its process."""
    url = bench.databases.url("postgresql", "serving")
    emails = [f"person{number}@example.com" for number in range(people)]
    with app_on(url) as app, app.app_context():
        for email in emails:
            try:
                accounts.by_email(email)
            except accounts.UserNotFound:
                user_id = accounts.register(email, PASSWORD, welcome=0).id
                ledger.grant(user_id, 10**9, description="to spend")
    server = Servers(url, bench.folder)
    with server.app_alone("tests.bench.wsgi:app") as process:
        yield server, [signed_in(server, email) for email in emails], process


def signed_in(server, email):
    """The headers by which the server knows a person."""
    with httpx.Client(base_url=server.url) as client:
        token = csrf_token(client.get("/auth/login").text)
        fields = {"csrf_token": token, "email": email, "password": PASSWORD}
        answer = client.post("/auth/login", data=fields)
        assert answer.status_code == 303, answer.text
        token = csrf_token(client.get("/credits/").text)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    return {"Cookie": cookies, "X-CSRFToken": token}
