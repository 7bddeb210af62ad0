"""The files that workers count in, which a full disk cannot turn against them."""

import os

from prometheus_client.mmap_dict import MmapedDict

BYTES = 1 << 16  # of a new file


class RoomyFile(MmapedDict):
    """A file whose space is there before it is mapped.

    prometheus_client makes files of holes, and a process is killed (SIGBUS) that writes into one
    for which the disk has no room. Here that is an OSError.
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        _reserve(filename, BYTES)
        super().__init__(filename, read_mode)

    def _init_value(self, key: str) -> None:
        entry = len(key.encode()) + 28  # its length, up to 8 bytes to fill up, and two doubles
        if self._used + entry > self._capacity:
            _reserve(self._fname, 2 * self._capacity)  # to which it grows
        super()._init_value(key)


def _reserve(filename: str, size: int) -> None:
    file = os.open(filename, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    finally:
        os.close(file)
