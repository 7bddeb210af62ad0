"""Processes of the drill: of an ordinary user, since PostgreSQL refuses root, and killed whole."""

import os
import pwd
import signal
import subprocess
import sys

import psutil

ORDINARY = "nobody"


def own(folder):
    """Make a folder that the ordinary user has to itself."""
    folder.mkdir()
    if os.geteuid() == 0:
        user = pwd.getpwnam(ORDINARY)
        os.chown(folder, user.pw_uid, user.pw_gid)


def start(words, folder, **environment):
    """Start a program in a folder, where its log is kept."""
    as_whom = {}
    if os.geteuid() == 0:
        as_whom = {"user": ORDINARY, "group": pwd.getpwnam(ORDINARY).pw_gid, "extra_groups": []}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the drill, which ends them in its order
            **as_whom,
        )


def family(pid):
    """A process and all below it, it first."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill(*processes):
    """SIGKILL all of them, and see them gone."""
    for process in processes:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            pass
    _, alive = psutil.wait_procs(processes, timeout=30)
    if alive:
        raise RuntimeError(f"these could not be killed: {alive}")


def system_python():
    """An interpreter that an ordinary user may run, wherever this one has its home."""
    found = "/usr/bin/python3"
    return found if os.access(found, os.X_OK) else sys.executable
