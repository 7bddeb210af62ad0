"""A wire to PostgreSQL that can be cut, or fall silent, at a chosen moment."""

import re
import select
import socket
import threading
from urllib.parse import parse_qs, unquote, urlsplit


class Proxy:
    """Listens on loopback and passes everything on, until told otherwise.

    `watch_for` is a word in what the client sends; from then on `reaction` decides about the
    server's answers on that connection: "cut" closes instead of passing one on, "leave" lets nobody
    connect again either, "silence" keeps them back.
    """

    def __init__(self, url):
        self.upstream = _address(url)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.watch_for, self.reaction, self.times, self.seen = None, None, 0, 0
        self.refusing, self.open = False, []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, direct):
        """The database URL that leads through here."""
        parts = urlsplit(direct)
        user = re.sub(r"@.*", "", parts.netloc) if "@" in parts.netloc else "postgres"
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.port}{parts.path}"

    def react(self, reaction, watch_for, times=1):
        """React to the next client's words that hold `watch_for`, as often as `times`."""
        self.reaction, self.watch_for, self.times, self.seen = (
            reaction,
            watch_for.encode(),
            times,
            0,
        )

    def close(self):
        """Stop listening and cut everything."""
        self.refusing = True
        self.listener.close()
        self.cut()

    def cut(self):
        """Cut every connection."""
        for end in self.open:
            end.close()
        self.open = []

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        family, address = self.upstream
        server = socket.socket(family)
        server.connect(address)
        self.open += [client, server]
        reaction = None
        try:
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    if end is client:
                        if self.watch_for and self.watch_for in data and self.seen < self.times:
                            self.seen += 1
                            reaction = self.reaction
                        server.sendall(data)
                    elif reaction in ("cut", "leave"):
                        self.refusing = reaction == "leave"
                        return
                    elif reaction != "silence":
                        client.sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            client.close()
            server.close()


def _address(url):
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    if folder.startswith("/"):
        return socket.AF_UNIX, f"{folder}/.s.PGSQL.{parts.port or 5432}"
    return socket.AF_INET, (unquote(parts.hostname or "127.0.0.1"), parts.port or 5432)
