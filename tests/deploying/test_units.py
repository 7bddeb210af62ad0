"""The systemd units are right, where systemd is there to say so."""

import shutil
import subprocess

import pytest

from creditsapp.settings import ROOT

UNITS = sorted((ROOT / "docs" / "deploy").glob("credits-*.*"))

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd here"
)


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    found = subprocess.run(
        ["systemd-analyze", "verify", *_installed(tmp_path)], capture_output=True, text=True
    )
    ours = [line for line in found.stderr.splitlines() if "credits" in line]
    assert (found.returncode, ours) == (0, [])


def _installed(folder):
    """Copies of the units for an app that lies here, with its programs where they are."""
    for unit in UNITS:
        words = unit.read_text()
        for program in ("gunicorn", "flask"):
            words = words.replace(f"/srv/credits/.venv/bin/{program}", shutil.which("true"))
        (folder / unit.name).write_text(words.replace("/srv/credits", str(ROOT)))
    return [folder / unit.name for unit in UNITS]
