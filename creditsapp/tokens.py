"""The secret part of a link in a mail: a keyed hash of the link's id.

Nothing that is stored holds it, neither the links nor the outbox of mails; it is made again from
the secret key whenever a mail is written or a link is opened.
"""

import base64
import binascii
import hashlib
import hmac
import uuid

from flask import current_app

_ID_BYTES, _MAC_BYTES = 16, 32


def token(link_id: str) -> str:
    """The token of a link: 64 characters that are safe in an address."""
    raw = uuid.UUID(link_id).bytes
    mac = _mac(raw, current_app.config["SECRET_KEY"])
    return base64.urlsafe_b64encode(raw + mac).decode()


def link_id(presented: str) -> str | None:
    """The link's id in a token that is genuine, be it of a key before the current one."""
    try:
        raw = base64.b64decode(presented.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    if len(raw) != _ID_BYTES + _MAC_BYTES:
        return None
    known, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    genuine = any(hmac.compare_digest(mac, _mac(known, key)) for key in keys)
    return str(uuid.UUID(bytes=known)) if genuine else None


def _mac(raw: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), b"account link " + raw, hashlib.sha256)
