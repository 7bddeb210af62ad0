"""The test run of each mutant, in a fork of one pytest session that has collected the tests."""

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, settings

from tests.databases import running_postgres
from tests.mutants.mutations import CALLED, Mutant, telling

# The tests that are about a module; others call it too, but take their time and find no more.
ABOUT = {
    "posting": ["entries", "ledger", "spend_many", "holds", "open_holds", "bad_input"],
    "batch": ["entries", "spend_many", "bad_input"],
    "ledger": [
        *("entries", "ledger", "spend_many", "holds", "open_holds", "bad_input"),
        *("retrying", "outcomes", "standby", "expiry", "same_key"),
    ],
    "settlement": ["settlement", "verification", "news", "hard_cases"],
    "holds": [
        *("holds", "open_holds", "entries", "bad_input", "retrying", "outcomes"),
        *("handing_over", "expiry"),
    ],
    "expiry": ["holds", "open_holds", "expiry", "upkeep"],
}
FILES = {path.stem.removeprefix("test_"): str(path) for path in Path("tests/services").iterdir()}
FILES |= {
    "handing_over": "tests/test_handing_over.py",
    "expiry": "tests/processes/test_expiry.py",
    "same_key": "tests/processes/test_same_key.py",
    "hard_cases": "tests/test_hard_cases.py",
    "upkeep": "tests/reconciling/test_upkeep.py",
}
OPTIONS = (
    "-x -s -o addopts= -o timeout=0 -p no:cacheprovider -p no:xdist -p no:terminal"
    " -W ignore::pytest.PytestAssertRewriteWarning"
).split()


def with_tests(act: Callable[["Tests"], int]) -> int:
    """Collect the tests, and let `act` run them as often as it likes."""
    folder = Path(tempfile.mkdtemp(prefix="credits-mutants-"))
    tests = Tests(folder, act)
    try:
        files = sorted({FILES[name] for names in ABOUT.values() for name in names})
        code = int(pytest.main([*files, *OPTIONS], [tests]))
        return tests.code if code == 0 else code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Tests:
    """The pytest plugin that runs chosen tests in forks, on databases that are there already."""

    def __init__(self, folder: Path, act: Callable[["Tests"], int]) -> None:
        self.folder, self.act = folder, act
        self.code = 1
        self.failed, self.words = "", ""
        self.watch: Watch | None = None
        self.given: dict[str, Callable[[], Any]] = {}

    def pytest_configure(self) -> None:
        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutants", database=None, derandomize=True, phases=phases)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: Any) -> bool | None:
        if self.given:
            return None
        self.session = session
        session.config.option.tbstyle = "native"  # the others look for the source in every module
        with running_postgres() as server:
            self.databases = Databases(self.folder, server.get_uri())
            Fork(self.databases.migrate).answer()
            self.code = self.act(self)
        return True

    def run(self, worker: str, tests: list[str] | None) -> str:
        """Run these tests, or all; return the name of the one that failed, if one did."""
        folder = self.folder / worker
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self.given = {
            "postgres": lambda: "in use already",
            "migrated_sqlite": lambda: self.databases.sqlite,
            "migrated_postgres": lambda: self.databases.fresh(f"mutant_{worker}"),
            "tmp_path": lambda: Path(tempfile.mkdtemp(dir=folder)),
        }
        if tests is not None:
            order = {test: n for n, test in enumerate(tests)}
            chosen = [item for item in self.session.items if item.nodeid in order]
            self.session.items[:] = sorted(chosen, key=lambda item: order[item.nodeid])
        try:
            self.session.config.hook.pytest_runtestloop(session=self.session)
        except self.session.Failed:
            pass
        return self.failed

    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        if fixturedef.argname not in self.given:
            return None
        value = self.given[fixturedef.argname]()
        fixturedef.cached_result = (value, fixturedef.cache_key(request), None)
        return value

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self.watch:
            self.watch.test = nodeid

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid
            self.words = report.longreprtext
        if self.watch:
            self.watch.seconds[report.nodeid] += report.duration


def replace(path: str, code: CodeType, watch: "Watch | None" = None) -> None:
    """Execute a module anew, and give what it now defines to all that had imported the old."""
    name = path.removesuffix(".py").replace("/", ".")
    module = vars(sys.modules[name])
    before = dict(module)
    if watch:
        module[CALLED] = watch.called
    exec(code, module)
    for name, old in before.items():
        if isinstance(old, type) and issubclass(old, Exception):
            module[name] = old  # it may stand in the parameters of tests
    changed = {
        id(old): module[name]
        for name, old in before.items()
        if getattr(old, "__module__", None) == module["__name__"] and module[name] is not old
    }
    for other in [
        it for name, it in sys.modules.items() if name.startswith(("creditsapp", "tests"))
    ]:
        for name, value in list(vars(other).items()):
            if id(value) in changed and vars(other) is not module:
                setattr(other, name, changed[id(value)])


class Databases:
    """A migrated SQLite file, and a PostgreSQL server with a migrated database to copy."""

    def __init__(self, folder: Path, url: str) -> None:
        self.sqlite, self.url = folder / "template.db", url

    def migrate(self) -> None:
        from tests.conftest import migrate  # which is pytest's to import first

        migrate(f"sqlite:///{self.sqlite}")
        self._execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        migrate(self._new("migrated", "template1"))

    def fresh(self, name: str) -> str:
        """The URL of a PostgreSQL database in which no earlier mutant has left anything."""
        return self._new(name, "migrated")

    def _new(self, name: str, template: str) -> str:
        self._execute(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {template}",
        )
        base, question, options = self.url.partition("?")
        return f"{base.rpartition('/')[0]}/{name}{question}{options}"

    def _execute(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


class Watch:
    """How long each test takes, and which functions it calls."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: dict[str, list[str]] = defaultdict(list)
        self.test = ""

    def called(self, function: str) -> None:
        if function not in self.calls[self.test]:
            self.calls[self.test].append(function)


class Baseline:
    """What the tests do while nothing is wrong; raise RuntimeError if one of them fails."""

    def __init__(self, tests: Tests, paths: list[str]) -> None:
        answer = Fork(lambda: _watched(tests, paths)).answer()
        if answer["failed"]:
            raise RuntimeError(f"{answer['failed']} fails without a mutant:\n{answer['words']}")
        self.seconds: dict[str, float] = answer["seconds"]
        self.calls: dict[str, list[str]] = answer["calls"]
        self.kills: Counter[tuple[str, str]] = Counter()

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests about its module that call its function, the likely killers first."""
        module, function = f"{mutant.path}::", f"{mutant.path}::{mutant.function}"
        files = tuple(f"{FILES[name]}::" for name in ABOUT[Path(mutant.path).stem])
        about = {test: called for test, called in self.calls.items() if test.startswith(files)}
        touching = {test for test, called in about.items() if function in called}
        if not touching:  # it stands in no function that is called
            touching = {
                test
                for test, called in about.items()
                if any(name.startswith(module) for name in called)
            }
        touching.update(test for test in about if "/processes/" in test)  # whose calls are not seen
        kills = self.kills
        return sorted(
            touching,
            key=lambda test: (-kills[function, test], -kills["", test], self.seconds[test]),
        )

    def patience(self, tests: list[str]) -> float:
        """How many seconds these may take before they count as endless."""
        return 30 + 5 * sum(self.seconds[test] for test in tests)


def _watched(tests: Tests, paths: list[str]) -> dict[str, Any]:
    tests.watch = Watch()
    for path in paths:
        replace(path, telling(path, Path(path).read_text()), tests.watch)
    failed = tests.run("baseline", None)
    return {
        "failed": failed,
        "words": tests.words,
        "seconds": tests.watch.seconds,
        "calls": tests.watch.calls,
    }


def verdicts(
    mutants: Iterable[Mutant], tests: Tests, baseline: Baseline, workers: int
) -> Iterator[tuple[Mutant, str, str]]:
    """Each mutant with killed, survived, timed out or invalid, and the test that killed it."""
    waiting = list(mutants)
    free = [str(n) for n in range(workers)]
    running: list[tuple[Fork, Mutant, str, float]] = []
    try:
        while waiting or running:
            while waiting and free:
                mutant, worker = waiting.pop(0), free.pop()
                chosen = baseline.tests_of(mutant)
                fork = Fork(lambda m=mutant, w=worker, c=chosen: _tried(tests, m, w, c))
                running.append((fork, mutant, worker, time.monotonic() + baseline.patience(chosen)))
            time.sleep(0.01)
            for one in list(running):
                fork, mutant, worker, deadline = one
                late = time.monotonic() > deadline
                if not late and not fork.ended():
                    continue
                running.remove(one)
                free.append(worker)
                if late:
                    fork.stop()
                verdict, killer = ("timed out", "") if late else fork.answer()
                if verdict == "killed":
                    for function in (f"{mutant.path}::{mutant.function}", ""):
                        baseline.kills[function, killer] += 1
                yield mutant, verdict, killer
    finally:
        for fork, *_ in running:
            fork.stop()


def _tried(tests: Tests, mutant: Mutant, worker: str, chosen: list[str]) -> tuple[str, str]:
    try:
        replace(mutant.path, mutant.code)
    except Exception as error:
        return "invalid", f"{type(error).__name__}: {error}"
    failed = tests.run(worker, chosen)
    return ("killed" if failed else "survived"), failed


class Fork:
    """A child process that does one thing, silently, and tells what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        handle, self.path = tempfile.mkstemp(prefix="credits-mutant-")
        self.code: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            os.close(handle)
            return
        code = 1
        try:
            os.setsid()
            log = os.open(f"{self.path}.log", os.O_CREAT | os.O_WRONLY)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.write(handle, json.dumps(work()).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def answer(self) -> Any:
        """What the work returned; raise RuntimeError with what it wrote if it raised."""
        while not self.ended():
            time.sleep(0.01)
        try:
            if self.code:
                raise RuntimeError(Path(f"{self.path}.log").read_text()[-3000:])
            return json.loads(Path(self.path).read_text())
        finally:
            self._forget()

    def stop(self) -> None:
        if not self.ended():
            os.killpg(self.pid, 9)
            os.waitpid(self.pid, 0)
        self._forget()

    def _forget(self) -> None:
        for path in (self.path, f"{self.path}.log"):
            Path(path).unlink(missing_ok=True)
