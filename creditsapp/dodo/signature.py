"""Standard Webhooks signatures, verified strictly over the raw bytes.

The rules are those of https://www.standardwebhooks.com: the signed text is
`id.timestamp.body`, the key is the base64 after `whsec_`, and the header may list several
signatures of which one has to match. The reference library accepts sloppy timestamps and junk
inside the base64, and raises on a bad entry before a good one, so it is not used here.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

TOLERANCE_SECONDS = 300

_ID = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_TIMESTAMP = re.compile(r"(0|[1-9][0-9]{0,11})", re.ASCII)


class InvalidSignature(Exception):
    """The request does not prove that it comes from Dodo."""


class BadSecret(Exception):
    """A configured webhook secret cannot be used."""


def decode_secret(secret: str) -> bytes:
    """The key behind a `whsec_…` secret, at least 16 bytes; raise BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret("is not base64 after whsec_") from None
    if len(key) < 16:
        raise BadSecret("is too short to be a webhook secret")
    return key


def verify(
    body: bytes, headers: Mapping[str, str], secrets: Iterable[str], *, now: float
) -> tuple[str, int]:
    """Return the webhook's id and send time (Unix seconds); raise InvalidSignature."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise InvalidSignature("a webhook header is missing or malformed")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise InvalidSignature("the webhook is too old or from the future")
    offered = _signatures(headers.get("webhook-signature", ""))
    text = f"{webhook_id}.{timestamp}.".encode() + body
    matches = [
        hmac.compare_digest(hmac.digest(decode_secret(secret), text, hashlib.sha256), signature)
        for secret in secrets
        for signature in offered
    ]
    if not any(matches):
        raise InvalidSignature("no signature matches")
    return webhook_id, int(timestamp)


def sign(webhook_id: str, timestamp: int, body: bytes, secret: str) -> str:
    """The `webhook-signature` header for a body."""
    text = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.digest(decode_secret(secret), text, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _signatures(header: str) -> list[bytes]:
    """The v1 signatures of a header; entries of other versions or shapes are passed over."""
    found = []
    for entry in header.split(" ")[:32]:
        version, _, encoded = entry.partition(",")
        if version != "v1" or len(encoded) != 44:
            continue
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if base64.b64encode(signature).decode() == encoded:
            found.append(signature)
    return found
