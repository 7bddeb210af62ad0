"""Who sends: commands when they are told to, and a process by itself once a request is over."""

import functools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Any

from flask import Flask, Response, current_app, has_request_context, request
from structlog.contextvars import bound_contextvars, get_contextvars

from creditsapp.mail.server import parse_mail_url
from creditsapp.mail.smtp import deliver
from creditsapp.mail.writing import write
from creditsapp.services import delivery
from creditsapp.services.delivery import Letter
from creditsapp.services.mails import queued_here
from creditsapp.services.transaction import end_reads
from creditsapp.settings import Settings

log = logging.getLogger(__name__)


def send_due(base: str = "", until: Callable[[], bool] = lambda: False) -> int:
    """Send, or print, what is due by now; return how many mails that were."""
    return delivery.send_due(functools.partial(_send, base=base or own_address()), until)


def own_address() -> str:
    """Where links lead: in the sandbox alone a request may say so, since it may be forged."""
    settings: Settings = current_app.extensions["creditsapp"].settings
    if settings.app_base_url:
        return settings.app_base_url
    if settings.sandbox and has_request_context():
        return request.host_url.rstrip("/")
    return f"http://127.0.0.1:{settings.port}"


def _send(letter: Letter, base: str) -> str | None:
    settings: Settings = current_app.extensions["creditsapp"].settings
    message = write(letter, settings.sender, base)
    end_reads()
    if settings.mail_url:
        deliver(parse_mail_url(settings.mail_url), message)
        return None
    return _printed(message)


def _printed(message: EmailMessage) -> str:
    """Print a mail where there is no server; return its words, to be kept."""
    names = ("From", "To", "Subject")
    head = "".join(f"{name}: {message[name]}\n" for name in names)
    text = f"{head}\n{message.get_content()}"
    print(f"--- mail\n{text}---", flush=True)  # noqa: T201  (it is the whole point)
    return text


class Postman:
    """Sends in a thread of its own what requests have queued, so that nobody waits for it.

    The next request of a connection would else wait, and tell by its time that a mail was sent.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._thread = ThreadPoolExecutor(1, "mail")
        self._asked = threading.Lock()
        self._stopping = threading.Event()

    def wake(self, base: str) -> None:
        """Let the thread look for what is due; one that was woken and has not begun looks once."""
        if self._asked.acquire(blocking=False):
            self._thread.submit(self._work, base, get_contextvars())

    def stop(self) -> None:
        """Let it end with the mail under way; the others are due for whoever sends next."""
        self._stopping.set()

    def finish(self) -> None:
        """Wait until it has nothing more to do; it takes nothing more."""
        self._thread.shutdown()

    def _work(self, base: str, caller: dict[str, Any]) -> None:
        self._asked.release()
        with bound_contextvars(**caller):
            try:
                with self._app.app_context():
                    send_due(base, self._stopping.is_set)
            except Exception:  # the worker sends it later
                log.exception("mails could not be sent")


def init_app(app: Flask) -> None:
    """Send what a request has queued, after its answer."""
    postman = app.extensions["postman"] = Postman(app)

    @app.after_request
    def send_afterwards(response: Response) -> Response:
        if queued_here():
            response.call_on_close(functools.partial(postman.wake, own_address()))
        return response
