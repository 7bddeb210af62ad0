"""What is installed is what was looked at: every release pinned, every file by its hash."""

import re
import tomllib

from creditsapp.settings import ROOT

GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
PIN = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)(?: ; ([^\\]+))?")


def locked(name):
    """Each requirement of a file by its name: its version and how many files may be it."""
    found = {}
    for requirement in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()):
        if requirement.startswith("#"):
            continue
        pin = PIN.match(requirement)
        assert pin, requirement
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)", requirement)
        assert hashes and requirement.count("--hash") == len(hashes), requirement
        found[normal(pin[1])] = (pin[2], len(hashes))
    return found


def normal(name):
    return re.sub(r"[-_.]+", "-", name.lower())


def test_what_is_asked_for_is_locked_with_hashes_and_the_app_runs_on_nothing_else():
    runtime, dev = locked("requirements.txt"), locked("requirements-dev.txt")
    assert runtime.items() <= dev.items()
    asked = {"runtime": runtime, "dev": dev}
    for group, lock in asked.items():
        for requirement in GROUPS[group]:
            if isinstance(requirement, str):
                pin = PIN.fullmatch(requirement)
                assert lock[normal(pin[1])][0] == pin[2], requirement
    assert not {"pytest", "uv", "bandit", "cyclonedx-bom"} & runtime.keys()


def test_wheels_of_several_systems_are_known():
    lock = locked("requirements.txt")
    for compiled in ("psycopg-binary", "pillow", "argon2-cffi-bindings", "lxml", "pydantic-core"):
        assert lock[compiled][1] >= 10, compiled
