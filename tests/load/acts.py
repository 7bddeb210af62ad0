"""What people do: the main job of the app, over HTTP alone."""

import asyncio
import json
import time
import uuid
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

from creditsapp.dodo.signature import sign
from tests.builders import payment_event
from tests.load.people import FORM, JSON, Refused
from tests.servers import WEBHOOK_SECRET

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": "Ada"}
DOLLARS, BOUGHT = 5, 100


def new_key():
    return uuid.uuid4().hex


async def spend(person):
    """One posting that is all of its use case."""
    key = new_key()
    await person.write("spend", "/api/guarded/spend", key, {"amount": 1, "words": key}, -1)


async def operation(person):
    """An operation of the studio: held, worked on, captured and kept."""
    key = new_key()
    await person.write("operation", "/api/operations/theme_generation", key, {"prompt": key}, -1)


async def hold(person):
    """Credits held by one request, and captured in part by another."""
    key = new_key()
    held = await person.write("hold", "/api/guarded/hold", key, {"amount": 3, "words": key})
    path = f"/api/guarded/capture/{held.json['id']}"
    await person.write("capture", path, key, {"amount": 2}, -2)


async def balance(person):
    """The balance, as a page asks for it: mostly it is the same."""
    known = {"If-None-Match": person.etag} if person.etag else {}
    answer = await person.insist("balance", "GET", "/api/credits/balance", known)
    person.etag = answer.headers.get("etag")


async def ledger_page(person):
    """The newest page of the ledger, for people."""
    await person.insist("ledger page", "GET", "/credits/")


async def sign_in(person):
    """Out of sight, out of mind: the whole way in."""
    await person.sign_in()


async def purchase(person):
    """Order, pay at the sandbox's page, and wait until its webhook has credited."""
    key = new_key()
    order = (
        await person.write("order", "/api/credits/purchase", key, {"dollarAmount": DOLLARS})
    ).json
    page = urlsplit(order["checkoutUrl"])
    paid = await person.wire.ask(page.port, "POST", page.path, FORM, urlencode(CARD).encode())
    if paid.status != 303:
        raise Refused(f"the sandbox answered {paid.status}")
    began, path = time.monotonic(), f"/api/credits/purchases/{order['purchaseId']}"
    while True:
        answer = await person.insist("order's status", "GET", path)
        if answer.json["status"] == "paid":
            break
        await asyncio.sleep(0.1)
    person.journal.answered("paid until credited", person.last[1], 200, began)
    person.journal.acknowledged(
        "purchase", person.user, order["purchaseId"], BOUGHT, began, person.last[1]
    )


async def webhook(person):
    """Order, and deliver the payment's webhook to every server until each has acknowledged it."""
    key = new_key()
    order = (
        await person.write("order", "/api/credits/purchase", key, {"dollarAmount": DOLLARS})
    ).json
    ordered = SimpleNamespace(
        id=order["purchaseId"], checkout_session_id=order["sessionId"], dollars=DOLLARS
    )
    body = json.dumps(payment_event(ordered, payment_id=f"pay_{key}")).encode()
    for _server in person.ports:
        await person.insist("webhook", "POST", "/api/webhooks/dodo", _signed(key, body), body)
        asked, port = person.last
        person.turn += 1
        if _server == person.ports[0]:
            person.journal.acknowledged("webhook", person.user, ordered.id, BOUGHT, asked, port)


def _signed(key, body):
    at = int(time.time())
    webhook_id = f"msg_{key}"
    return JSON | {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(webhook_id, at, body, WEBHOOK_SECRET),
    }
