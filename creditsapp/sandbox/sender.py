"""Sends webhooks in the background, one thread a process."""

import json
import logging
import os
import threading
import time
from dataclasses import dataclass, field

import httpx
from flask import Flask

from creditsapp.dodo.signature import sign
from creditsapp.sandbox import events, outbox
from creditsapp.sandbox.context import Sandbox
from creditsapp.sandbox.payments import settle_due

POLL_SECONDS = 0.5

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
    with sandbox.store.reading() as tx:
        body = json.dumps(events.body(tx, delivery)).encode()
    timestamp = int(now)
    headers = {
        "content-type": "application/json",
        "user-agent": "Dodo-Sandbox",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(delivery.id, timestamp, body, sandbox.webhook_secret),
    }
    try:
        response = client.post(sandbox.webhook_url or delivery.url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return False, type(error).__name__
    return response.is_success, str(response.status_code)
