"""Runs a `flask` command; at the end writes its seconds and its peak of memory to stderr.

The peak is the kernel's own (VmHWM), which begins with this program, unlike that of getrusage.
"""

import sys
import time
from pathlib import Path

import click

from wsgi import app


def peak(process="self"):
    """The most memory that a process has had so far, in MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise LookupError("VmHWM")


if __name__ == "__main__":
    began = time.perf_counter()
    app.cli.main(sys.argv[1:], prog_name="flask", standalone_mode=False)
    click.echo(f"{time.perf_counter() - began:.3f} {peak():.1f}", err=True)
