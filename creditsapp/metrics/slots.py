"""Counting over gunicorn's workers: each counts in files of its slot, and its successor goes on.

Files that are named after processes would become more with each worker that ends.
"""

import fcntl
import itertools
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess, values

from creditsapp.metrics.files import RoomyFile

PREFIX = "credits-metrics-"
YOUNG = 60  # seconds in which a folder that nobody has locked may be about to be

folder = ""  # that `begin` has made, if it has


def begin(within: str | None) -> None:
    """Make the folder of the files, in the process that starts the workers.

    It is locked while that process or a worker lives, so that who begins next removes it where
    they were killed.
    """
    global folder
    _remove_leftovers(Path(within or tempfile.gettempdir()))
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=within)
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # prometheus_client looks there


def _remove_leftovers(within: Path) -> None:
    for left in within.glob(f"{PREFIX}*"):
        try:
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:  # it is somebody else's
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - os.fstat(lock).st_mtime > YOUNG:
                shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def end() -> None:
    """Remove the folder that was made."""
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def take(arbiter: Any, worker: Any) -> None:
    """Give a worker the first slot that no living one has; before it is forked."""
    taken = {other.metrics_slot for other in arbiter.WORKERS.values()}
    worker.metrics_slot = next(slot for slot in itertools.count() if slot not in taken)


def count_in(worker: Any) -> None:
    """Count in the files of the worker's slot from now on; in the worker itself."""
    if folder:
        values.MmapedDict = RoomyFile  # type: ignore[misc]  # nothing else lets it choose its files
        values.ValueClass = values.MultiProcessValue(lambda: worker.metrics_slot)


def leave(worker: Any) -> None:
    """A worker has ended: what it had in use is in use no more."""
    if folder:
        multiprocess.mark_process_dead(worker.metrics_slot, folder)
