"""What is in a database, apart from random ids and times: two runs that did the same are equal."""

import re
import shutil
from pathlib import Path

from tests.databases import contents, empty

_RANDOM = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"datetime\.datetime\((?:[^()]|\([^()]*\))*\)"), "TIME"),
    (re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+'"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+"), "TIME"),
    (re.compile(r"'auto:[^']+'"), "KEY"),
    (re.compile(r"'\$argon2[^']+'"), "HASH"),
]
# PostgreSQL counts on where a transaction was rolled back.
_COUNTED = ("mails", "grant_requests")


def state(url):
    """Every row of every table."""
    return {
        table: sorted(_without_chance(table, row) for row in rows)
        for table, rows in contents(url).items()
    }


def _without_chance(table, row):
    for pattern, word in _RANDOM:
        row = pattern.sub(word, row)
    if table in _COUNTED:
        row = re.sub(r"^\(\d+", "(ID", row)
    return row


def reset(url, template):
    """Empty a migrated database that nobody has open; SQLite's is copied from the template."""
    if not url.startswith("sqlite"):
        empty(url)
        return
    path = Path(url.removeprefix("sqlite:///"))
    for leftover in path.parent.glob(f"{path.name}-*"):
        leftover.unlink()
    shutil.copyfile(template, path)
