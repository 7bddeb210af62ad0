"""Small builders with defaults, for what tests start from."""

import itertools
import json
import re
import time
from datetime import UTC, datetime
from decimal import Decimal

from flask import current_app

from creditsapp.dodo.signature import sign
from creditsapp.extensions import db
from creditsapp.services import accounts, holds, ledger, purchases, webhooks
from creditsapp.services.payments import Terms
from tests.databases import execute
from tests.servers import WEBHOOK_SECRET

PASSWORD = "correct horse"
_numbers = itertools.count(1)


def make_user(credits=Decimal(50), email=None):
    """A user's id, with these credits as entry 1."""
    email = email or f"user{next(_numbers)}@example.com"
    return accounts.register(email, PASSWORD, welcome=Decimal(credits)).id


def make_purchase(user_id, dollars=5):
    """An order that waits for its payment, with a checkout session."""
    purchase, _new = purchases.start(user_id, dollars, Decimal(20 * dollars))
    purchases.opened(purchase.id, f"cks_{purchase.id}", "http://127.0.0.1:9/session/x")
    return purchases.find(user_id, purchase.id)


def payment_event(purchase, *, kind="payment.succeeded", payment_id="pay_1", **changes):
    """A payment's webhook as Dodo sends it, as far as it is read."""
    data = {
        "payload_type": "Payment",
        "payment_id": payment_id,
        "business_id": "bus_1",
        "status": kind.removeprefix("payment."),
        "checkout_session_id": purchase.checkout_session_id,
        "metadata": {"purchase_id": purchase.id},
        "customer": {"customer_id": "cus_1", "email": "a@example.com", "name": "A"},
        "currency": "USD",
        "total_amount": 100 * purchase.dollars,
        "tax": 0,
        "settlement_currency": "USD",
        "settlement_amount": 100 * purchase.dollars,
        "product_cart": [{"product_id": "pdt_sandbox_credits", "quantity": purchase.dollars}],
        "discounts": [],
        "discount_id": None,
    }
    return event(kind, data | changes)


def refund_event(refund_id="ref_1", *, payment_id="pay_1", amount=100, partial=True, **changes):
    """A refund's webhook."""
    data = {
        "payload_type": "Refund",
        "refund_id": refund_id,
        "payment_id": payment_id,
        "status": "succeeded",
        "amount": amount,
        "currency": "USD",
        "is_partial": partial,
    }
    return event("refund.succeeded", data | changes)


def dispute_event(status="opened", dispute_id="dp_1", *, payment_id="pay_1", at=None, **changes):
    """A dispute's webhook; its amount is a string, as Dodo has it."""
    data = {
        "payload_type": "Dispute",
        "dispute_id": dispute_id,
        "payment_id": payment_id,
        "amount": "500",
        "currency": "USD",
        "dispute_stage": "dispute",
        "dispute_status": f"dispute_{status}",
    }
    return event(f"dispute.{status}", data | changes, at=at)


def event(kind, data, at=None):
    moment = at or datetime.now(UTC)
    return {"business_id": "bus_1", "type": kind, "timestamp": moment.isoformat(), "data": data}


def settle(body, webhook_id=None):
    """Hand a verified webhook to the inbox."""
    webhook_id = webhook_id or f"msg_{next(_numbers)}"
    raw = json.dumps(body).encode()
    return webhooks.receive(webhook_id, raw, Terms("pdt_sandbox_credits"))


def deliver(client, body, *, webhook_id=None, secret=WEBHOOK_SECRET, at=None):
    """Send a webhook, signed as Dodo signs."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    webhook_id = webhook_id or f"msg_{next(_numbers)}"
    timestamp = int(at or time.time())
    return client.post(
        "/api/webhooks/dodo",
        data=raw,
        headers={
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(webhook_id, timestamp, raw, secret),
        },
    )


def register(client, email=None):
    """Register in the browser's way; the client is signed in after it."""
    page = client.get("/auth/register")
    answer = client.post(
        "/auth/register",
        data={
            "csrf_token": csrf_token(page.text),
            "email": email or f"person{next(_numbers)}@example.com",
            "password": PASSWORD,
        },
    )
    assert answer.status_code == 303, answer.text
    return answer


def csrf_token(html):
    """The CSRF token of a page's first form or of its head."""
    found = re.search(r'name="csrf[-_]token"[^>]*?(?:value|content)="([^"]+)"', html)
    found = found or re.search(r'(?:value|content)="([^"]+)"[^>]*?name="csrf[-_]token"', html)
    assert found, "no CSRF token on the page"
    return found.group(1)


def let_expire(hold_id):
    """Let a hold's time be over, which the app itself could not."""
    db.session.commit()
    settings = current_app.extensions["creditsapp"].settings
    url = settings.database_owner_url or settings.database_url
    execute(
        url.replace("+psycopg", ""),
        f"UPDATE holds SET expires_at = created_at WHERE id = '{hold_id}'",
    )


def overdue_hold(user_id, amount=5, **options):
    """A hold whose time is over, and that nobody swept."""
    held = holds.hold(user_id, amount, operation="test", **options)
    let_expire(held.id)
    return held


def spend(user_id, amount, **options):
    """A spend whose operation does not matter."""
    return ledger.spend(user_id, amount, operation="test", **options)
