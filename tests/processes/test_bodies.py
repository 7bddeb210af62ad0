"""Bodies as a real server hands them over: in pieces, too long, cut off."""

import json
import socket

import httpx
import pytest

from tests.builders import csrf_token, register
from tests.databases import contents
from tests.servers import Servers

pytestmark = pytest.mark.processes
MB = 1024 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def pieces(size, start=b"", end=b""):
    """A body of a size, without saying so before."""
    yield start
    for _ in range(size // 65_536):
        yield b" " * 65_536
    yield b" " * (size % 65_536) + end


def but_the_mails(url):
    """What is in the database; the mail of registering goes out meanwhile."""
    return contents(url) | {"mails": []}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_is_read_whole_or_refused(database_url, tmp_path):
    servers = Servers(database_url, tmp_path)
    with servers.app_alone(), httpx.Client(base_url=servers.url, timeout=30) as client:
        register(client)
        token = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}
        before = but_the_mails(database_url)

        def post(path, headers, content):
            return client.post(path, headers=token | headers, content=content)

        theme = "/api/operations/theme_generation"
        sea = b'{"prompt": "the sea"}'
        for path, headers, content in (
            (theme, JSON, pieces(3 * MB, sea)),
            (theme, JSON, pieces(2 * MB + 1 - len(sea), sea)),
            (theme, JSON, sea + b" " * 2 * MB),
            (theme, FORM, pieces(11 * MB)),
            (theme, FORM, b"prompt=sea&" + b"a=&" * 100),
            (theme, FORM, b"prompt=sea&a=" + b"a" * MB),
            ("/auth/login", FORM, pieces(11 * MB)),
            ("/auth/login", FORM, b"a" * 11 * MB),
            ("/api/webhooks/dodo", JSON, pieces(MB)),
        ):
            answer = post(path, headers, content)
            assert answer.status_code == 413, (path, answer.text)
        head = {"Content-Length": "1000", "Cookie": f"session={client.cookies['session']}"}
        assert cut_off(servers, "/auth/login", FORM | head, b"email=a") == 400
        assert cut_off(servers, theme, JSON | head | token, sea) == 400
        stranger = httpx.post(servers.url + theme, content=pieces(9 * MB), headers=JSON)
        assert stranger.status_code == 401
        assert but_the_mails(database_url) == before

        whole = post(theme, JSON, pieces(2 * MB - len(sea), sea))
        assert whole.status_code == 201, whole.text
        assert json.loads(post(theme, JSON, sea).text)["cost"] == 1


def cut_off(servers, path, headers, body):
    """The status that somebody gets who sends no more than a part of what was announced."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", servers.app_port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return int(connection.makefile("rb").readline().split()[1])
