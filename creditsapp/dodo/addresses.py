"""Where Dodo is, and which addresses it may send a buyer to."""

import re
from urllib.parse import urlsplit

from creditsapp.dodo.errors import DodoFailed

API_ADDRESSES = {
    "test_mode": "https://test.dodopayments.com",
    "live_mode": "https://live.dodopayments.com",
}
_PLAIN_ADDRESS = re.compile(r"[!-\[\]-~]+", re.ASCII)  # no backslash: browsers read it as a slash
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def trusted(url: str, api: str) -> str:
    """An address that Dodo named, if it leads where money may be paid; raise DodoFailed."""
    try:
        address = urlsplit(url)
    except ValueError:
        raise DodoFailed("it answered with an address that is none") from None
    host = address.hostname or ""
    if not _PLAIN_ADDRESS.fullmatch(url) or "@" in address.netloc:
        host = ""
    secure = address.scheme == "https" or (address.scheme == "http" and host in _LOOPBACK)
    ours = host == urlsplit(api).hostname or host.endswith(".dodopayments.com")
    if not secure or not ours:
        raise DodoFailed("it answered with an address that is not its own")
    return url
