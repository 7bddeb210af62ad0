"""A small HTTP server in Dodo's place, which answers as a test says, right or wrong."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def answer(body, status=200, wait=0.0, **headers):
    """An answer of JSON or of bytes, after a wait; headers are those that differ."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, headers, raw, wait


@contextmanager
def dodo_server():
    """Serve from a thread until the end."""
    server = DodoServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class DodoServer(ThreadingHTTPServer):
    """Answers from `routes` by path, or else with the next of `answers`; keeps the `requests`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.routes, self.requests = [], {}, []
        self.date = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def paths(self):
        """What was asked for, in order."""
        return [path for _method, path, _content in self.requests]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.reply("POST", json.loads(body or b"{}"))

    def do_GET(self):  # noqa: N802
        query = parse_qs(urlsplit(self.path).query)
        self.reply("GET", {name: values[0] for name, values in query.items()})

    def reply(self, method, content):
        path = urlsplit(self.path).path
        self.server.requests.append((method, path, content))
        prepared = self.server.routes.get(path)
        status, headers, body, wait = prepared or self.server.answers.pop(0)
        time.sleep(wait)
        try:
            if "X-Drop" in headers:
                return
            if "X-Trickle" in headers:
                self.trickle(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000)
                return
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.trickle(body) if "X-Trickle-Body" in headers else self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def trickle(self, raw):
        for byte in raw:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.1)

    def date_time_string(self, timestamp=None):
        return self.server.date or super().date_time_string(timestamp)

    def log_message(self, *_args):
        pass
