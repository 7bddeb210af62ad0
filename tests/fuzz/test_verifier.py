"""The verifier of signatures against a plain HMAC, and against the reference library."""

import base64
import hashlib
import hmac
import os
import re
import time

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from creditsapp.dodo.signature import InvalidSignature, sign, verify

EXAMPLES = 8 * int(os.environ.get("FUZZ_EXAMPLES", 60))
KEYS = [b"k" * 16, b"another key, 24 bytes it", b"\x00\xff" * 32]
SECRETS = ["whsec_" + base64.b64encode(key).decode() for key in KEYS]
NOW = 1_764_000_000

at_length = settings(max_examples=EXAMPLES, deadline=None, print_blob=True)
texts = st.text(st.characters(max_codepoint=0x2FF), max_size=30)
ids = st.text([chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=40)
seconds = st.integers(-320, 320).map(lambda offset: str(NOW + offset))


def signature_of(webhook_id, timestamp, body, key):
    """The signature by the specification's words."""
    text = webhook_id.encode() + b"." + timestamp.encode() + b"." + body
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def expected(body, headers, keys):
    """Whether the delivery has to be accepted: its shape, its age, and one right signature."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[!-~]{1,255}", webhook_id):
        return False
    if not re.fullmatch(r"0|[1-9][0-9]{0,11}", timestamp) or abs(NOW - int(timestamp)) > 300:
        return False
    entries = headers.get("webhook-signature", "").split(" ")[:32]
    right = ["v1," + signature_of(webhook_id, timestamp, body, key) for key in keys]
    return any(entry in right for entry in entries)


def accepted(body, headers, secrets):
    """Whether it is; anything raised but InvalidSignature fails the test."""
    try:
        found = verify(body, headers, secrets, now=NOW)
    except InvalidSignature:
        return False
    assert found == (headers["webhook-id"], int(headers["webhook-timestamp"]))
    return True


@st.composite
def deliveries(draw):
    """A delivery that is right, and then perhaps no more."""
    body, webhook_id, timestamp = draw(st.binary(max_size=60)), draw(ids), draw(seconds)
    good = "v1," + signature_of(webhook_id, timestamp, body, draw(st.sampled_from(KEYS)))
    others = st.sampled_from(["v1,", "v2," + good[3:], "v1a," + good[3:], "v1", "", "junk", "v1,é"])
    around = draw(st.lists(st.one_of(others, texts), max_size=3))
    entries = draw(st.permutations([*around, good]))
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": draw(st.sampled_from([" "] * 6 + ["  ", ",", "\t"])).join(entries),
    }
    for name in draw(st.lists(st.sampled_from(sorted(headers)), max_size=1)):
        headers[name] = draw(changed(headers.get(name, "")))
    if draw(st.booleans()) and draw(st.booleans()):
        del headers[draw(st.sampled_from(sorted(headers)))]
    if draw(st.booleans()) and draw(st.booleans()):
        body += draw(st.binary(min_size=1, max_size=2))
    return body, headers


@st.composite
def changed(draw, value):
    """A header with something else in some place, or another one."""
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(value))] * 2)))
    part = draw(st.one_of(texts, st.sampled_from(["=", "+", "0", " ", "\0", "\n", "٣", "１", "."])))
    return draw(st.sampled_from([value[:start] + part + value[end:], value[:start] + part, part]))


@at_length
@given(delivery=deliveries(), count=st.sampled_from([0, 1, 2, 3, 3, 3]))
def test_what_is_accepted_is_what_the_specification_says(delivery, count):
    body, headers = delivery
    found = accepted(body, headers, SECRETS[:count])
    event("accepted" if found else "refused")
    assert found == expected(body, headers, KEYS[:count])


@at_length
@given(
    body=st.binary(),
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()
    ),
)
def test_noise_is_refused_in_one_way(body, headers):
    assert not accepted(body, headers, SECRETS)


@at_length
@given(
    body=st.text(max_size=60).map(str.encode),
    webhook_id=ids,
    offset=st.integers(-290, 290) | st.sampled_from([-9999, -310, 310, 9999]),
    signer=st.sampled_from(KEYS),
    entries=st.permutations(["v1," + "A" * 43 + "=", "v2,AAAA", "good"]),
    altered=st.booleans(),
)
def test_the_reference_library_decides_alike_on_what_is_well_formed(
    body, webhook_id, offset, signer, entries, altered
):
    now = time.time()
    timestamp = str(int(now) + offset)
    good = "v1," + signature_of(webhook_id, timestamp, body, signer)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(good if entry == "good" else entry for entry in entries),
    }
    body += b" " if altered else b""
    try:
        Webhook(SECRETS[0]).verify(body, headers, json_parse=False)
        reference = True
    except WebhookVerificationError:
        reference = False
    try:
        verify(body, headers, SECRETS[:1], now=now)
        ours = True
    except InvalidSignature:
        ours = False
    assert ours == reference == (not altered and signer == KEYS[0] and abs(offset) < 300)


def test_the_reference_library_accepts_what_is_signed_by_the_app():
    sent = int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(sent),
        "webhook-signature": sign("msg_1", sent, b"{}", SECRETS[1]),
    }
    Webhook(SECRETS[1]).verify(b"{}", headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[2]).verify(b"{}", headers, json_parse=False)
