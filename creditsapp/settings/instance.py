"""Where the project lies, and the folder of what this machine keeps."""

import base64
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INSTANCE = ROOT / "instance"


def instance_secret(name: str, prefix: str = "") -> str:
    """A random secret kept in a file of `instance/`, the same for every process that asks."""
    path = INSTANCE / name
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(prefix + base64.b64encode(secrets.token_bytes(32)).decode())
        try:
            path.hardlink_to(fresh)  # the first of several processes wins
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text()
