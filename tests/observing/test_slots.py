"""The folder that workers count in: ours alone, whole, and removed even where we were killed."""

import importlib.util
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Counter, values
from prometheus_client.multiprocess import MultiProcessCollector

from creditsapp.metrics import counting, files, slots

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Let this process count as it did, in the end."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setattr(values, "MmapedDict", values.MmapedDict)
    monkeypatch.setattr(slots, "folder", "")
    monkeypatch.setenv(VARIABLE, "")


def folders(within):
    return set(within.glob("credits-metrics-*"))


def test_a_folder_of_somebody_else_is_neither_used_nor_removed(tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setenv(VARIABLE, str(theirs))
    slots.count_in(SimpleNamespace(metrics_slot=0))
    slots.leave(SimpleNamespace(metrics_slot=0))
    slots.end()
    values.ValueClass = values.get_value_class()  # as when prometheus_client is imported
    spec = importlib.util.spec_from_file_location("counting_anew", counting.__file__)
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    anew.unknown()
    assert theirs.is_dir() and not any(theirs.iterdir())


def test_files_have_their_space_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BYTES", 4096)
    slots.begin(str(tmp_path))
    slots.count_in(SimpleNamespace(metrics_slot=0))
    counter = Counter("some_total", "Some.", ("which",), registry=CollectorRegistry())
    file = Path(slots.folder) / "counter_0.db"
    for number in range(500):
        counter.labels(f"{number}").inc()
        assert file.stat().st_blocks * 512 >= file.stat().st_size
    assert file.stat().st_size > 10 * 4096
    (metric,) = MultiProcessCollector(CollectorRegistry(), path=slots.folder).collect()
    assert len(metric.samples) == 500 and {it.value for it in metric.samples} == {1}
    slots.end()
    assert folders(tmp_path) == set()


def test_a_disk_without_room_is_an_error_and_leaves_what_was_counted(tmp_path, monkeypatch):
    def full(_file, _start, size):
        raise OSError(28, "No space left on device")

    slots.begin(str(tmp_path))
    slots.count_in(SimpleNamespace(metrics_slot=0))
    counter = Counter("some_total", "Some.", ("which",), registry=CollectorRegistry())
    counter.labels("before").inc()
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        for number in range(2000):
            counter.labels(f"{number}").inc()
    counter.labels("before").inc()
    assert counter.labels("before")._value.get() == 2


def test_a_folder_is_removed_whose_server_was_killed_and_no_other(tmp_path):
    left, new, lives = (tmp_path / f"credits-metrics-{name}" for name in ("left", "new", "lives"))
    for folder in (left, new):
        folder.mkdir()
    slots.begin(str(tmp_path))
    Path(slots.folder).rename(lives)
    long_ago = time.time() - 3600
    for folder in (left, lives):
        os.utime(folder, (long_ago, long_ago))
    slots.begin(str(tmp_path))
    assert folders(tmp_path) == {new, lives, Path(slots.folder)}
