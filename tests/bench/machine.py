"""What the numbers were measured on: machine, versions, and how durable PostgreSQL is set."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

PACKAGES = ("sqlalchemy", "psycopg", "flask", "flask-sqlalchemy", "gunicorn")
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")


def described(folder, postgres_url):
    """Machine, versions and settings, by name."""
    with psycopg.connect(postgres_url) as connection:
        settings = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("server_version", "shared_buffers", *DURABILITY)
        }
    return {
        "machine": {
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "memory GB": round(psutil.virtual_memory().total / 1e9, 1),
            "load before": round(os.getloadavg()[0], 2),
            "system": f"{platform.system()} {platform.release()}",
            "data folder": f"{folder} on {_filesystem(folder)}",
        },
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "postgresql": settings.pop("server_version"),
            **{package: version(package) for package in PACKAGES},
        },
        "postgresql": settings,
        "sqlite": {"journal_mode": "wal", "synchronous": "full", "foreign_keys": "on"},
    }


def _cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _filesystem(folder):
    """The type of the filesystem with the longest mount point above a folder."""
    above = [
        disk
        for disk in psutil.disk_partitions(all=True)
        if Path(folder).resolve().is_relative_to(disk.mountpoint)
    ]
    return max(above, key=lambda disk: len(disk.mountpoint)).fstype
