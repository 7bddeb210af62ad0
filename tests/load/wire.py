"""HTTP/1.1 from an address of one's own, so cheap that the server is what is measured."""

import asyncio
import json
import time
from dataclasses import dataclass

IDLE_SECONDS = 1.0  # gunicorn closes what was idle for two
PATIENCE = 30.0


class Lost(Exception):
    """No answer, or not all of one: what was asked for may have been done."""


class Hung(Lost):
    """No answer within `PATIENCE`."""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


class Wire:
    """One client's connections, one to each port, kept while they are in use."""

    def __init__(self, address):
        self._address, self._kept = address, {}

    async def ask(self, port, method, path, headers, body=b""):
        """Send one request; raise Lost or Hung."""
        head = {"Host": f"127.0.0.1:{port}", "Content-Length": str(len(body))} | headers
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await self._connected(port)
                writer.write(request)
                answer = await _read(reader)
        except TimeoutError:
            self._drop(port)
            raise Hung(path) from None
        except (OSError, EOFError, ValueError) as error:
            self._drop(port)
            raise Lost(f"{path}: {error!r}") from None
        self._kept[port] = reader, writer, time.monotonic()
        if answer.headers.get("connection") == "close":
            self._drop(port)
        return answer

    async def _connected(self, port):
        if port in self._kept:
            reader, writer, used = self._kept[port]
            if time.monotonic() - used < IDLE_SECONDS and not reader.at_eof():
                return reader, writer
            self._drop(port)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, local_addr=(self._address, 0)
        )
        self._kept[port] = reader, writer, time.monotonic()
        return reader, writer

    def close(self):
        for port in list(self._kept):
            self._drop(port)

    def _drop(self, port):
        if port in self._kept:
            self._kept.pop(port)[1].close()


async def _read(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    status, headers, cookies = int(first.split()[1]), {}, {}
    for name, _, value in (line.partition(": ") for line in lines):
        if name.lower() == "set-cookie":
            cookie, _, content = value.partition(";")[0].partition("=")
            cookies[cookie] = content
        else:
            headers[name.lower()] = value
    if status == 304 or status == 204:
        return Answer(status, headers, cookies, b"")
    if headers.get("transfer-encoding") == "chunked":
        return Answer(status, headers, cookies, await _chunks(reader))
    return Answer(
        status, headers, cookies, await reader.readexactly(int(headers["content-length"]))
    )


async def _chunks(reader):
    body = b""
    while size := int((await reader.readline()).strip(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
