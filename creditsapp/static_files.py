"""Styles, script and pictures: read once, packed once, and named after what they hold.

A name that has its file's hash in it never means anything else, so browsers keep it for a year.
Files are served as they were at the start: a folder that is being upgraded under a running process
would else put new content under an old name. Pages are not packed: beside a token, what somebody
else typed would tell it by the length (BREACH).
"""

import functools
import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
HASHED = re.compile(r"(.+)\.[0-9a-f]{12}(\.[a-z]+)")
FOR_A_YEAR = "public, max-age=31536000, immutable"
UNTIL_IT_CHANGES = "public, no-cache"  # asked about each time
ONCE = "no-store"


@dataclass(frozen=True)
class File:
    """A file's name with its hash, and what is sent of it."""

    hashed_name: str
    digest: str
    mimetype: str
    plain: bytes
    packed: bytes


def init_app(app: Flask) -> None:
    """Serve the app's folder `static`, and let `url_for` give the names that last."""
    files = files_of(Path(app.root_path) / "static")

    @app.url_defaults
    def name_after_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and (file := files.get(values["filename"])):
            values["filename"] = file.hashed_name

    @app.get("/static/<path:filename>", endpoint="static")
    def static(filename: str) -> Response:
        return _answer(files, filename)


@functools.cache
def files_of(folder: Path) -> dict[str, File]:
    """What a folder held when it was first asked for, by name."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in TYPES)
    return {path.relative_to(folder).as_posix(): _read(folder, path) for path in found}


def _read(folder: Path, path: Path) -> File:
    plain = path.read_bytes()
    digest = hashlib.sha256(plain).hexdigest()[:12]
    name = path.with_suffix(f".{digest}{path.suffix}").relative_to(folder).as_posix()
    return File(name, digest, TYPES[path.suffix], plain, gzip.compress(plain, mtime=0))


def _answer(files: dict[str, File], filename: str) -> Response:
    """A file under its own name, or under that of its content.

    A hash of another release gets this one's file, too: a page that was open during an upgrade,
    or that another machine made, keeps its looks. Nobody may keep that under that name.
    """
    with_hash = HASHED.fullmatch(filename)
    name = "".join(with_hash.groups()) if with_hash else filename
    file = files.get(name) or abort(404)
    kept = ONCE if with_hash else UNTIL_IT_CHANGES
    return _conditional(file, FOR_A_YEAR if filename == file.hashed_name else kept)


def _conditional(file: File, kept: str) -> Response:
    """The file in the shorter form that is accepted; ranges of these few bytes are not offered."""
    shrinks = len(file.packed) < len(file.plain)
    packed = shrinks and request.accept_encodings["gzip"] > 0
    response = Response(file.packed if packed else file.plain, mimetype=file.mimetype)
    response.set_etag(f"{file.digest}-gzip" if packed else file.digest)
    response.headers["Cache-Control"] = kept
    if packed:
        response.content_encoding = "gzip"
    if shrinks:
        response.vary.add("Accept-Encoding")
    return response.make_conditional(request)
