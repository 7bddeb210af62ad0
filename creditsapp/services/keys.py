"""The keys under which callers ask for something once."""

import secrets


class InvalidKey(ValueError):
    """An idempotency key is 1 to 255 visible ASCII characters."""


def caller_key(key: str | None) -> str:
    """A caller's key as it is stored, apart from the system's own; a random one for None."""
    if key is None:
        return f"auto:{secrets.token_urlsafe(18)}"
    if not 1 <= len(key) <= 255 or any(not "\x21" <= char <= "\x7e" for char in key):
        raise InvalidKey("an idempotency key is 1 to 255 visible ASCII characters")
    return f"key:{key}"
