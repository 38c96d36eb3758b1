"""Programs started in sessions of their own, and stopped with everything they started."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from outreach.errors import ConfigError

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 10.0
"""Seconds between asking a program to stop and ending it."""


@dataclass(frozen=True, slots=True)
class Program:
    """One started program. Its session id is its pid, so that its offspring can be found."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None


def start(
    name: str,
    command: Sequence[str],
    environ: Mapping[str, str],
    logs: Path,
    *,
    again: bool = False,
) -> Program:
    """Start `command` in a session of its own; what it says goes to `<logs>/<name>.log`.

    `again` adds to that log.
    """
    _adopt_orphans()
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab" if again else "wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            start_new_session=True,
        )
    return Program(name, process, log)


def stop(programs: Sequence[Program]) -> None:
    """Stop `programs` and all that they started: politely, then for certain."""
    family = {program.process.pid for program in programs}
    _signal(family, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while _still_there(programs, family) and time.monotonic() < deadline:
        time.sleep(0.2)
    while _still_there(programs, family):
        _signal(family, signal.SIGKILL)
        time.sleep(0.1)


def _still_there(programs: Sequence[Program], family: set[int]) -> bool:
    for program in programs:
        program.process.poll()
    alive = False
    for member in _members(family):
        if _is_zombie(member):
            _reap(member.pid)
        else:
            alive = True
    return alive


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):  # then its parent, or init, will
        os.waitpid(pid, os.WNOHANG)


def _adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent ends, so that none stays as a zombie.

    In a container there is often no init that would do it. Linux only; elsewhere there is one.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _members(sessions: set[int]) -> list[psutil.Process]:
    """Every process of these sessions, whoever its parent is by now."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) in sessions:
                found.append(process)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def _signal(sessions: set[int], number: int) -> None:
    for process in _members(sessions):
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


@contextmanager
def reserved_port(wanted: int) -> Iterator[int]:
    """Hold `wanted` if it is free, else the next free port above it.

    Something else may take a port between choosing it and listening on it. Two local stacks
    never do that to each other: each holds a lock for its ports. Raises ConfigError.
    """
    for port in range(wanted, wanted + 100):
        lock = _port_lock(port)
        if lock is None:
            continue
        with lock:
            if not _listens(port):
                yield port
                return
    raise ConfigError(f"no port is free between {wanted} and {wanted + 99}")


def _port_lock(port: int) -> IO[str] | None:
    """Return the held lock of a port, or None where another stack of this user holds it."""
    name = f"outreach-port-{port}-{os.getuid()}.lock"
    lock = (Path(tempfile.gettempdir()) / name).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for an error that must say why."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def tool(name: str) -> str:
    """Return the path of a command that stands beside this Python, such as `airflow`."""
    return str(Path(sys.executable).with_name(name))
