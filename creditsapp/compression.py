"""The script, the styles and the icons, compressed on their way.

Pages are not: beside a token, what somebody else typed would tell it by the length (BREACH).
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

_TEXTS = ("text/css", "text/javascript", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Compress static files for browsers that take it."""

    @app.after_request
    def compress(response: Response) -> Response:
        if request.endpoint != "static" or response.mimetype not in _TEXTS:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code == 200 and request.accept_encodings["gzip"] > 0:
            response.direct_passthrough = False
            response.set_data(_packed(response.get_data()))
            response.content_encoding = "gzip"
            etag, _weak = response.get_etag()
            response.set_etag(etag or "", weak=True)  # the same text, in other bytes
        return response


@lru_cache(maxsize=64)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
