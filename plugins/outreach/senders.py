"""The name of a sending process, and whether the process behind a name still lives."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

import psutil

_START_TIME = 19
"""The place of `starttime` in /proc/PID/stat, counted after the command's name."""


def sender_name() -> str:
    """Return a name for this process: host, pid, start time, and a random part."""
    started = _started(psutil.Process())
    return f"{socket.gethostname()}|{os.getpid()}|{started}|{secrets.token_hex(4)}"


def alive(name: str) -> bool | None:
    """Whether the process called `name` still runs; None where this host cannot know."""
    host, _, rest = name.partition("|")
    if host != socket.gethostname():
        return None
    pid, _, rest = rest.partition("|")
    started = rest.partition("|")[0]
    try:
        process = psutil.Process(int(pid))
        return _started(process) == started and process.status() != "zombie"
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        return None


def _started(process: psutil.Process) -> str:
    """When a process began: on Linux in ticks since boot, as the time of day may be set."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(errors="replace")
    except OSError:
        return f"{process.create_time():.2f}"
    return stat.rpartition(")")[2].split()[_START_TIME]
