"""Counting over gunicorn's workers: each counts in files of its slot, and its successor goes on.

Files that are named after processes would become more with each worker that ends.
"""

import itertools
import os
import shutil
import tempfile
from typing import Any

from prometheus_client import multiprocess, values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client looks there


def begin() -> None:
    """Make the folder of the files, in the process that starts the workers."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="credits-metrics-")


def end() -> None:
    """Remove the folder."""
    if FOLDER in os.environ:
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


def take(arbiter: Any, worker: Any) -> None:
    """Give a worker the first slot that no living one has; before it is forked."""
    taken = {other.metrics_slot for other in arbiter.WORKERS.values()}
    worker.metrics_slot = next(slot for slot in itertools.count() if slot not in taken)


def count_in(worker: Any) -> None:
    """Count in the files of the worker's slot from now on; in the worker itself."""
    if FOLDER in os.environ:
        values.ValueClass = values.MultiProcessValue(lambda: worker.metrics_slot)


def leave(worker: Any) -> None:
    """A worker has ended: what it had in use is in use no more."""
    if FOLDER in os.environ:
        multiprocess.mark_process_dead(worker.metrics_slot)
