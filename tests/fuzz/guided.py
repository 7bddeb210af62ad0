"""Fuzzing led by coverage: `python -m tests.fuzz.guided verifier -max_total_time=60`.

The arguments after the target's name are libFuzzer's. It needs atheris, which no test does.
"""

import base64
import hashlib
import hmac
import json
import sys
from datetime import UTC, datetime

import atheris

with atheris.instrument_imports(include=["creditsapp.dodo.signature", "creditsapp.services.facts"]):
    from creditsapp.dodo import signature
    from creditsapp.services import facts

from creditsapp.json_interface import parse_json

KEY, NOW = b"k" * 24, 1_764_000_000
SECRET = "whsec_" + base64.b64encode(KEY).decode()
FIELDS = "payment_id status checkout_session_id metadata customer currency total_amount tax"
FIELDS += " settlement_currency settlement_amount product_cart discounts discount_id refund_id"
FIELDS += " is_partial dispute_id dispute_stage dispute_status amount purchase_id product_id"
NAMES = (FIELDS + " quantity customer_id timestamp").split()
WORDS = facts.PAYMENT_STATUSES + facts.DISPUTE_STATUSES + ["pay_1", "USD", "2026-01-01T00:00:00Z"]


def verifier(data):
    """A delivery that is signed well, but for what the fuzzer puts in."""
    more = atheris.FuzzedDataProvider(data)
    webhook_id = "msg_" + more.ConsumeUnicode(more.ConsumeIntInRange(0, 3))
    timestamp = str(NOW + more.ConsumeIntInRange(-310, 310))
    timestamp += more.ConsumeUnicode(more.ConsumeIntInRange(0, 1))
    body = more.ConsumeBytes(more.ConsumeIntInRange(0, 20))
    text = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    good = "v1," + base64.b64encode(hmac.new(KEY, text, hashlib.sha256).digest()).decode()
    entries = [entry(more, good) for _ in range(more.ConsumeIntInRange(0, 40))]
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(entries),
    }
    try:
        signature.verify(body, headers, [SECRET], now=NOW)
        accepted = True
    except signature.InvalidSignature:
        accepted = False
    if accepted and good not in " ".join(entries).split(" "):
        raise AssertionError("accepted without the right signature")
    if accepted and not (webhook_id + timestamp).isascii():
        raise AssertionError("accepted with a malformed header")


def entry(more, good):
    kind = more.ConsumeIntInRange(0, 4)
    if kind == 0:
        return good
    if kind == 1:
        place = more.ConsumeIntInRange(0, len(good))
        return good[:place] + more.ConsumeUnicode(1) + good[place + 1 :]
    if kind == 2:
        return "v1," + base64.b64encode(more.ConsumeBytes(32)).decode()
    return more.ConsumeUnicode(50)


def reader(data):
    """A body that is parsed strictly, and then what it says read; only refusals are raised."""
    more = atheris.FuzzedDataProvider(data)
    raw = json.dumps({"type": "x", "timestamp": value(more, 1), "data": fields(more, 3)}).encode()
    for _ in range(more.ConsumeIntInRange(0, 2)):
        place = more.ConsumeIntInRange(0, len(raw))
        raw = raw[:place] + more.ConsumeBytes(more.ConsumeIntInRange(0, 4)) + raw[place:]
    try:
        event = parse_json(raw)
    except ValueError:
        return
    content = event.get("data") if isinstance(event, dict) else None
    if not isinstance(content, dict):
        return
    attempt(facts.event_time, event)
    attempt(facts.payment_facts, content)
    attempt(facts.refund_facts, content, datetime.now(UTC))
    attempt(facts.dispute_facts, content, datetime.now(UTC))


def fields(more, depth):
    names = (more.PickValueInList(NAMES) for _ in range(more.ConsumeIntInRange(0, 12)))
    return {name: value(more, depth) for name in names}


def value(more, depth):
    kind = more.ConsumeIntInRange(0, 8 if depth else 6)
    if kind == 0:
        return more.PickValueInList([None, True, False])
    if kind == 1:
        return more.ConsumeInt(9)
    if kind == 2:
        return more.ConsumeFloat()
    if kind == 3:
        return more.ConsumeUnicode(more.ConsumeIntInRange(0, 300))
    if kind == 4:
        return str(more.ConsumeInt(5))
    if kind in (5, 6):
        return more.PickValueInList(WORDS)
    if kind == 7:
        return [value(more, depth - 1) for _ in range(more.ConsumeIntInRange(0, 3))]
    return fields(more, depth - 1)


def attempt(read, *arguments):
    try:
        read(*arguments)
    except facts.Unusable:
        pass


if __name__ == "__main__":
    target = {"verifier": verifier, "reader": reader}[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
