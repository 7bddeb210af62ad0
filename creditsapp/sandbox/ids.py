"""Random ids that look like Dodo's."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """An id such as `pay_2IjeQm4hqU6RA4Z4kwDee`."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(21))
