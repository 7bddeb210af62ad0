"""Sends webhooks in the background, one thread a process."""

import base64
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from flask import Flask

from creditsapp.dodo.signature import sign
from creditsapp.sandbox import events, outbox, webhook_modes
from creditsapp.sandbox.context import Sandbox
from creditsapp.sandbox.payments import settle_due

POLL_SECONDS = 0.5
STALE_SECONDS = 3600
WRONG_SECRET = "whsec_" + base64.b64encode(b"nobody knows this secret").decode()

# Connecting and reading together stay within the lease of 30 s.
_TIMEOUT = httpx.Timeout(15, connect=5)

_log = logging.getLogger(__name__)
_starting = threading.Lock()


@dataclass
class _Sender:
    """The thread of one process for one app."""

    app: Flask
    pid: int = field(default_factory=os.getpid)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="sandbox-sender", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        sandbox = self.app.extensions["sandbox"]
        with _client() as client:
            while not self.stopping.is_set():
                sandbox.store.changed.clear()
                try:
                    settle_due(sandbox)
                    _deliver(sandbox, client, self.stopping)
                except Exception:
                    # A full disk or a locked file must not end the thread.
                    _log.exception("The sandbox could not send its webhooks")
                    self.stopping.wait(POLL_SECONDS)
                sandbox.store.changed.wait(POLL_SECONDS)


def start(app: Flask) -> None:
    """Start this process's sender unless it runs already; call it after forking."""
    if _runs(app):
        return
    with _starting:
        if not _runs(app):
            app.extensions["sandbox_sender"] = _Sender(app)


def stop(app: Flask) -> None:
    """Let the sender finish the webhook it is sending, and end."""
    if _runs(app):
        sender = app.extensions.pop("sandbox_sender")
        sender.stopping.set()
        app.extensions["sandbox"].store.changed.set()
        sender.thread.join()


def deliver_due(app: Flask, *, now: float | None = None) -> int:
    """Send what is due at a Unix time, in this thread; return how many attempts were made."""
    sandbox = app.extensions["sandbox"]
    settle_due(sandbox)
    with _client() as client:
        return _deliver(sandbox, client, threading.Event(), now)


def _runs(app: Flask) -> bool:
    sender = app.extensions.get("sandbox_sender")
    return sender is not None and sender.pid == os.getpid()


def _client() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)


def _deliver(
    sandbox: Sandbox, client: httpx.Client, stopping: threading.Event, now: float | None = None
) -> int:
    attempts = 0
    while not stopping.is_set():
        moment = time.time() if now is None else now
        delivery = outbox.claim(sandbox.store, moment)
        if delivery is None:
            break
        ok, answer = _send(sandbox, client, delivery, moment)
        finished = time.time() if now is None else now
        outbox.record(
            sandbox.store, delivery, ok=ok, answer=answer, now=finished, clock=sandbox.clock
        )
        attempts += 1
    return attempts


def _send(
    sandbox: Sandbox, client: httpx.Client, delivery: outbox.Delivery, now: float
) -> tuple[bool, str]:
    """Whether the receiver took the webhook, and what it answered."""
    modes = webhook_modes.take_at_sending(sandbox.store)
    with sandbox.store.reading() as tx:
        body = events.body(tx, delivery)
    timestamp = int(now) - (STALE_SECONDS if "stale" in modes else 0)
    secret = WRONG_SECRET if "wrong_secret" in modes else sandbox.webhook_secret
    headers = {
        "content-type": "application/json",
        "user-agent": "Dodo-Sandbox",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(delivery.id, timestamp, body, secret),
    }
    if "corrupt" in modes:
        body = body.replace(b"{", b'{"changed": true, ', 1)

    def post(_: int) -> tuple[bool, str]:
        return _post(client, sandbox.webhook_url or delivery.url, body, headers)

    if "duplicate" not in modes:
        return post(0)
    copies = modes["duplicate"]["copies"]
    with ThreadPoolExecutor(1 if modes["duplicate"]["in_a_row"] else copies) as pool:
        answers = list(pool.map(post, range(copies)))
    return any(ok for ok, _ in answers), ", ".join(answer for _, answer in answers)


def _post(client: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> tuple[bool, str]:
    try:
        response = client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return False, type(error).__name__
    return response.is_success, str(response.status_code)
