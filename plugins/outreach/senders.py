"""The name of a sending process, and whether the process behind a name still lives."""

from __future__ import annotations

import os
import secrets
import socket

import psutil


def sender_name() -> str:
    """Return a name for this process: host, pid, start time, and a random part."""
    started = psutil.Process().create_time()
    return f"{socket.gethostname()}|{os.getpid()}|{started:.2f}|{secrets.token_hex(4)}"


def alive(name: str) -> bool | None:
    """Whether the process called `name` still runs; None where this host cannot know."""
    host, _, rest = name.partition("|")
    if host != socket.gethostname():
        return None
    pid, _, rest = rest.partition("|")
    started = rest.partition("|")[0]
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" == started and process.status() != "zombie"
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        return None
