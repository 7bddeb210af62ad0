"""nginx and Caddy, by the examples of docs/deploy, really in front of the app (make deploy-check).

The examples stay as they are but for names, ports, certificates, and where logs are kept.
"""

import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import trustme

from creditsapp.settings import ROOT
from tests.builders import PASSWORD, csrf_token
from tests.databases import contents, on_sqlite
from tests.servers import Servers, free_port

EXAMPLES = ROOT / "docs" / "deploy"
THREADS = 16  # of the app: two workers with eight each
CLIENT = "127.0.9.5"  # not where the proxy itself asks from

pytestmark = on_sqlite


class Front:
    """A proxy with https in front of the app: its ports, its folder, its certificate."""

    def __init__(self, kind, servers, folder):
        self.kind, self.servers, self.folder = kind, servers, folder
        self.http, self.https = free_port(), free_port()
        self.url = f"https://localhost:{self.https}"
        self.authority = trustme.CA()
        certificate = self.authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(folder / "privkey.pem")
        for number, part in enumerate(certificate.cert_chain_pems):
            part.write_to_path(folder / "fullchain.pem", append=number > 0)

    def client(self):
        """A browser that asks from CLIENT."""
        trusted = ssl.create_default_context()
        self.authority.configure_trust(trusted)
        transport = httpx.HTTPTransport(verify=trusted, local_address=CLIENT)
        return httpx.Client(base_url=self.url, transport=transport, timeout=30)

    def adapted(self, name):
        """An example with what is different on this machine."""
        words = (EXAMPLES / name).read_text()
        for there, here in {
            "127.0.0.1:8000": f"127.0.0.1:{self.servers.app_port}",
            "/etc/ssl/credits": str(self.folder),
            "/var/log/nginx": str(self.folder),
            "listen 80": f"listen {self.http}",
            "listen 443": f"listen {self.https}",
            "https://credits.example.com": self.url,
            "credits.example.com": "localhost",
        }.items():
            words = words.replace(there, here)
        return words


@pytest.fixture(params=["nginx", "caddy"])
def front(request, database_url, tmp_path):
    """The app behind a proxy, with real processes."""
    servers = Servers(database_url, tmp_path)
    front = Front(request.param, servers, tmp_path)
    servers.environment |= {
        "APP_BASE_URL": front.url,
        "PROXY_HOPS": "1",
        "WELCOME_CREDITS_PER_NETWORK": "10",
        "HOME": str(tmp_path),
    }
    start = {"nginx": _nginx, "caddy": _caddy}[request.param]
    with servers.app_alone(), _running(start(front)):
        yield front


def _nginx(front):
    path = front.folder / "nginx.conf"
    path.write_text(
        f"pid {front.folder}/nginx.pid; error_log {front.folder}/errors.log;"
        f" daemon off; master_process off; events {{}} http {{ {front.adapted('nginx.conf')} }}"
    )
    subprocess.run(["nginx", "-t", "-c", path], check=True, capture_output=True)
    return ["nginx", "-c", path]


def _caddy(front):
    path = front.folder / "Caddyfile"
    words = front.adapted("Caddyfile").replace(
        "{\n\tservers",
        f"{{\n\tadmin off\n\thttp_port {front.http}\n\thttps_port {front.https}\n\tservers",
        1,
    )
    tls = f"localhost {{\n\ttls {front.folder}/fullchain.pem {front.folder}/privkey.pem\n"
    path.write_text(words.replace("localhost {\n", tls, 1))
    options = ["--adapter", "caddyfile", "--config", path]
    subprocess.run(["caddy", "validate", *options], check=True, capture_output=True)
    return ["caddy", "run", *options]


@contextmanager
def _running(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def browser(front):
    with front.client() as browser:
        deadline = time.monotonic() + 30
        while True:
            try:
                if browser.get("/healthz").status_code == 200:
                    yield browser
                    return
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)


def _register(browser, **headers):
    token = csrf_token(browser.get("/auth/register").text)
    fields = {"csrf_token": token, "email": "ada@example.com", "password": PASSWORD}
    return browser.post("/auth/register", data=fields, headers=headers)


def test_the_main_journey_goes_through_it(front, browser):
    answer = _register(browser, **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"})
    assert (answer.status_code, answer.next_request.url.scheme) == (303, "https")
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if "session=" in line]
    assert cookie.startswith("__Host-session=") and "Secure" in cookie
    assert "max-age" in answer.headers["strict-transport-security"]
    headers = {"X-CSRFToken": csrf_token(browser.get("/credits/").text)}
    theme = browser.post(
        "/api/operations/theme_generation", json={"prompt": "a forest"}, headers=headers
    )
    assert (theme.status_code, theme.json()["creditsRemaining"]) == (201, 49)
    assert contents(front.servers.environment["DATABASE_URL"])["welcome_networks"][0].startswith(
        "('127.0.9.0/24',"
    )


def test_what_is_for_machines_inside_is_not_there(browser):
    assert [browser.get(path).status_code for path in ("/readyz", "/metrics")] == [404, 404]


def test_plain_http_is_sent_to_https(front, browser):
    answer = httpx.get(f"http://localhost:{front.http}/credits/?a=b")
    assert answer.status_code == 308
    where = answer.headers["location"].replace(f":{front.https}", "")  # Caddy takes it for 443
    assert where == "https://localhost/credits/?a=b"


def test_a_body_is_taken_to_the_apps_own_limit_and_no_further(browser):
    _register(browser)
    headers = {"X-CSRFToken": csrf_token(browser.get("/credits/").text)}

    def sent(size):
        files = {"image": b"x" * size, "style": (None, "sepia")}
        path = "/api/operations/image_restyle"
        return browser.post(path, files=files, headers=headers).status_code

    assert (sent(9 * 2**20), sent(11 * 2**20)) == (400, 413)


def test_slow_clients_wait_at_the_proxy_and_not_in_the_app(front, browser):
    trusted = ssl.create_default_context()
    front.authority.configure_trust(trusted)
    head = b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\na"
    with ExitStack() as slow:
        for _ in range(THREADS + 4):
            plain = socket.create_connection(("127.0.0.1", front.https), timeout=10)
            client = slow.enter_context(trusted.wrap_socket(plain, server_hostname="localhost"))
            client.sendall(head)
        assert browser.get("/healthz", timeout=10).status_code == 200
