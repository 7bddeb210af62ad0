"""People who are signed in at addresses of their own, and repeat by key what was not answered."""

import asyncio
import json
import random
import time
from urllib.parse import urlencode

from tests.builders import PASSWORD, csrf_token
from tests.load.wire import Hung, Lost, Wire

TRY_AGAIN = ("try_again", "outcome_unknown", "operation_in_progress", "hold_closed")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
LONG = 5  # seconds to wait for a limit


class Refused(Exception):
    """A final answer that no repeat would change."""


class Limited(Exception):
    """Too often: what was asked for was not done, and would not be for long."""


class Person:
    """A user in a browser, who goes from one server to the other when it fails."""

    def __init__(self, number, ports, journal):
        self.email, self.ports, self.journal = f"person{number}@example.com", ports, journal
        self.wire = Wire(f"127.0.{1 + number // 250}.{1 + number % 250}")
        self.user, self.cookies, self.token, self.etag = None, {}, "", None
        self.turn = 0  # which server is asked next

    async def register(self):
        """Become a user, whose number is in the id of each entry."""
        await self._come_in("register", "/auth/register")
        page = await self.insist("ledger", "GET", "/api/credits")
        self.user = int(page.json["transactions"][0]["id"].partition("-")[0])

    async def sign_in(self):
        """Sign in as a browser does, by page and form."""
        await self._come_in("sign in", "/auth/login")

    async def _come_in(self, kind, path):
        self.cookies = {}
        page = await self.insist(f"{kind}: page", "GET", path)
        fields = {"csrf_token": csrf_token(page.text), "email": self.email, "password": PASSWORD}
        await self.insist(kind, "POST", path, FORM, urlencode(fields).encode())
        studio = await self.insist("studio", "GET", "/studio/")
        self.token = csrf_token(studio.text)

    async def write(self, kind, path, key, body, moves=0):
        """POST with a key until it is acknowledged, and note that it was; return the answer.

        `moves` is what is posted by it.
        """
        headers = JSON | {"Idempotency-Key": key, "X-CSRFToken": self.token}
        answer = await self.insist(kind, "POST", path, headers, json.dumps(body).encode())
        asked, port = self.last
        self.journal.acknowledged(kind, self.user, key, moves, asked, port)
        return answer

    async def insist(self, kind, method, path, headers=None, body=b""):
        """Ask until there is an answer; raise Refused for one that no repeat would change.

        Raise Limited where that would take long.
        """
        wait = 0.02
        while True:
            answer = await self.ask(kind, method, path, headers or {}, body)
            if answer is not None:
                if answer.status < 400:
                    return answer
                if not _may_change(answer):
                    raise Refused(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
                if answer.status == 429:
                    if int(answer.headers["retry-after"]) > LONG:
                        raise Limited(path)
                    await asyncio.sleep(int(answer.headers["retry-after"]))
            self.turn += 1
            await asyncio.sleep(random.uniform(0, wait))
            wait = min(0.5, 2 * wait)

    async def ask(self, kind, method, path, headers, body=b""):
        """Ask once; None where no answer came."""
        port = self.ports[self.turn % len(self.ports)]
        if self.cookies:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = headers | {"Cookie": cookies}
        asked = time.monotonic()
        self.last = asked, port
        try:
            answer = await self.wire.ask(port, method, path, headers, body)
        except Lost as error:
            self.journal.answered(kind, port, "hung" if isinstance(error, Hung) else "lost", asked)
            return None
        self.journal.answered(kind, port, answer.status, asked, _code(answer))
        self.cookies |= answer.cookies
        return answer


def _code(answer):
    """The code of an error of the JSON interface."""
    is_json = answer.headers.get("content-type") == "application/json"
    return answer.json.get("error", "") if answer.status >= 400 and is_json else ""


def _may_change(answer):
    return answer.status >= 500 or answer.status == 429 or _code(answer) in TRY_AGAIN
