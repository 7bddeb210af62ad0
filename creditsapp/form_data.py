"""Forms as they were sent: what is no text, or too much, is refused.

Werkzeug's own parser takes a broken form for an empty one, replaces bytes that are no text, and
does not limit how many fields a urlencoded form has.
"""

import io
from collections.abc import Iterator
from typing import IO
from urllib.parse import parse_qsl, unquote_to_bytes

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

CHUNK = 64 * 1024
Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


def is_text(raw: bytes) -> bool:
    """Whether bytes are UTF-8 without NUL, which PostgreSQL does not take."""
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


class StrictForm(FormDataParser):
    """A parser of forms in UTF-8."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Parsed:
        """The fields and files of a body; what is no form is left in the stream."""
        try:
            if mimetype == "application/x-www-form-urlencoded":
                return io.BytesIO(), self.cls(self._pairs(stream.read())), self.cls()
            if mimetype == "multipart/form-data":
                boundary = (options or {}).get("boundary", "").encode("ascii")
                return stream, *self._parts(stream, boundary, content_length)
        except ValueError:
            raise BadRequest() from None
        return stream, self.cls(), self.cls()

    def _pairs(self, body: bytes) -> list[tuple[str, str]]:
        if len(body) > self.max_form_memory_size:
            raise RequestEntityTooLarge()
        if body.count(b"&") >= self.max_form_parts:
            raise RequestEntityTooLarge()
        if not is_text(unquote_to_bytes(body)):
            raise BadRequest()
        return parse_qsl(body.decode(), keep_blank_values=True)

    def _parts(
        self, stream: IO[bytes], boundary: bytes, content_length: int | None
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        if not boundary:
            raise BadRequest()
        fields: list[tuple[str, str]] = []
        files: list[tuple[str, FileStorage]] = []
        part: Field | File | None = None
        content: IO[bytes] = io.BytesIO()
        for event in self._events(stream, boundary):
            if isinstance(event, Field | File):
                part, content = event, self._container(event, content_length)
                if not part.name or "\0" in part.name:
                    raise BadRequest()
            elif isinstance(event, Data) and part is not None:
                content.write(event.data)
                if isinstance(part, Field) and content.tell() > self.max_form_memory_size:
                    raise RequestEntityTooLarge()
                if event.more_data:
                    continue
                content.seek(0)
                if isinstance(part, File):
                    files.append((part.name, FileStorage(content, part.filename, part.name)))
                elif is_text(value := content.read()):
                    fields.append((part.name, value.decode()))
                else:
                    raise BadRequest()
        return self.cls(fields), self.cls(files)

    def _events(self, stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
        decoder = MultipartDecoder(
            boundary, self.max_form_memory_size, max_parts=self.max_form_parts
        )
        while True:
            decoder.receive_data(stream.read(CHUNK) or None)
            while not isinstance(event := decoder.next_event(), NeedData):
                yield event
                if isinstance(event, Epilogue):
                    return

    def _container(self, part: Field | File, content_length: int | None) -> IO[bytes]:
        if isinstance(part, Field):
            return io.BytesIO()
        return self.stream_factory(content_length, None, part.filename)
